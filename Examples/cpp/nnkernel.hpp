/// The core in C++17: memory in std::vector, errors as exceptions. Copy it and change it as you like.
#ifndef NNKERNEL_HPP
#define NNKERNEL_HPP

#include <cstring>
#include <nnkernel/nnkernel.h>
#include <stdexcept>
#include <vector>

namespace nnkernel {

/// nnk_status below zero, with its text.
struct Error : std::runtime_error {
    nnk_status status;
    explicit Error(nnk_status found) : std::runtime_error(nnk_status_text(found)), status(found) {}
};

inline nnk_status check(nnk_status status) {
    if (status < 0) throw Error(status);
    return status;
}

/// So many bytes, aligned to 8.
class Memory {
    std::vector<uint64_t> words;
    size_t count;

  public:
    explicit Memory(size_t bytes) : words((bytes + 7) / 8), count(bytes) {}
    uint8_t *data() { return reinterpret_cast<uint8_t *>(words.data()); }
    const uint8_t *data() const { return reinterpret_cast<const uint8_t *>(words.data()); }
    size_t size() const { return count; }
};

/// One run of training: the job's labels, images and topology must outlive it.
class Trainer {
    nnk_job job;
    Memory arena;

  public:
    explicit Trainer(const nnk_job &what) : job(what), arena(nnk_train_bytes(&what)) {
        check(nnk_train_begin(&job, arena.data(), arena.size()));
    }

    /// One slice of work; false once all iterations are done.
    bool step() { return check(nnk_train_step(&job, arena.data())) > 0; }

    nnk_progress progress() const {
        nnk_progress progress;
        check(nnk_train_progress(&job, arena.data(), &progress));
        return progress;
    }

    /// The model's file, after the last step.
    std::vector<uint8_t> finish() {
        std::vector<uint8_t> file;
        while (check(nnk_train_finish(&job, arena.data(), {append, &file})) > 0) {
        }
        return file;
    }

  private:
    static nnk_status append(void *context, uint32_t offset, const uint8_t *bytes, uint32_t count) {
        auto &file = *static_cast<std::vector<uint8_t> *>(context);
        if (file.size() < size_t(offset) + count) file.resize(size_t(offset) + count);
        std::memcpy(file.data() + offset, bytes, count);
        return NNK_OK;
    }
};

/// A model, from the bytes of its file. The topology must outlive it.
class Model {
    Memory file;
    nnk_model model;

  public:
    Model(const std::vector<uint8_t> &bytes, const nnk_topology &topology) : file(bytes.size()) {
        if (!bytes.empty()) std::memcpy(file.data(), bytes.data(), bytes.size());
        check(nnk_model_open(&model, file.data(), file.size(), &topology));
        nnk_model_to_native(&model, file.data());
    }
    Model(const Model &) = delete; // `model` points into `file`
    Model &operator=(const Model &) = delete;

    /// The probability of class 1 for one image.
    double predict(const uint8_t *image) const {
        const nnk_inference *inference = nnk_fastest_inference(model.dtype);
        Memory memory(nnk_predict_bytes(model.topology, inference));
        double probability;
        check(nnk_predict_begin(memory.data(), memory.size(), &model, inference));
        check(nnk_predict_feed(memory.data(), image, size_t(model.topology->size[0])));
        check(nnk_predict_finish(memory.data(), &probability));
        return probability;
    }
};

} // namespace nnkernel

#endif
