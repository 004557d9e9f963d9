/// The core in C++17: memory in std::vector, errors as exceptions. Copy this file and change it as you like.
#ifndef NNKERNEL_HPP
#define NNKERNEL_HPP

#include <cstring>
#include <filesystem>
#include <fstream>
#include <nnkernel/nnkernel.h>
#include <stdexcept>
#include <vector>

namespace nnkernel {

/// A negative nnk_status with its text.
struct Error : std::runtime_error {
    nnk_status status;
    explicit Error(nnk_status found) : std::runtime_error(nnk_status_text(found)), status(found) {}
};

/// Returns a status that is not an error, and throws Error for one that is.
inline nnk_status check(nnk_status status) {
    if (status < 0) throw Error(status);
    return status;
}

using Bytes = std::vector<uint8_t>;

/// A file's bytes. Throws Error with NNK_E_SOURCE if it cannot be read.
inline Bytes read_file(const std::filesystem::path &path) {
    std::error_code error;
    const auto size = std::filesystem::file_size(path, error); // an error for a folder or a pipe
    if (error) throw Error(NNK_E_SOURCE);
    Bytes bytes(static_cast<size_t>(size));
    std::ifstream file(path, std::ios::binary);
    if (!file.read(reinterpret_cast<char *>(bytes.data()), std::streamsize(bytes.size())))
        throw Error(NNK_E_SOURCE);
    return bytes;
}

/// Writes all bytes to a file. Throws Error with NNK_E_SINK if it cannot.
inline void write_in_place(const std::filesystem::path &path, const Bytes &bytes) {
    std::ofstream file(path, std::ios::binary);
    file.write(reinterpret_cast<const char *>(bytes.data()), std::streamsize(bytes.size()));
    file.close();
    if (!file) throw Error(NNK_E_SINK);
}

/// Replaces a file once all bytes are written to a draft beside it, so the old one stays whole until then.
/// What is no regular file, such as a pipe, a device or a symbolic link, is written to directly. Throws Error
/// with NNK_E_SINK if it cannot be written; no draft is left then.
inline void write_file(const std::filesystem::path &path, const Bytes &bytes) {
    using namespace std::filesystem;
    std::error_code error;
    const file_status found = symlink_status(path, error);
    if (exists(found) && !is_regular_file(found)) return write_in_place(path, bytes);
    std::filesystem::path draft = path;
    draft += ".tmp";
    try {
        write_in_place(draft, bytes);
        rename(draft, path);
    } catch (const std::exception &) {
        if (is_regular_file(draft, error)) remove(draft, error);
        throw Error(NNK_E_SINK);
    }
}

/// Memory of `bytes` bytes, aligned to 8.
class Memory {
    std::vector<uint64_t> words;
    size_t count;

  public:
    explicit Memory(size_t bytes) : words((bytes + 7) / 8), count(bytes) {}
    uint8_t *data() { return reinterpret_cast<uint8_t *>(words.data()); }
    const uint8_t *data() const { return reinterpret_cast<const uint8_t *>(words.data()); }
    size_t size() const { return count; }
};

/// One run of training. What the job points to must outlive it: the topology, the labels, the images and the
/// class names.
class Trainer {
    nnk_job job;
    Memory arena;

  public:
    /// Begins a run.
    explicit Trainer(const nnk_job &what) : job(what), arena(nnk_train_bytes(&what)) {
        check(nnk_train_begin(&job, arena.data(), arena.size()));
    }

    /// Goes on with a run from its checkpoint. Job and data must be the same: else Error with NNK_E_STATE.
    Trainer(const nnk_job &what, const Bytes &checkpoint) : job(what), arena(nnk_train_bytes(&what)) {
        nnk_checkpoint progress = {};
        Bytes file = checkpoint; // a context is not const
        while (check(nnk_checkpoint_load(&job, arena.data(), arena.size(), &progress, {read, &file})) > 0) {
        }
    }

    /// Takes one slice of work. NNK_MORE; NNK_COST with a new cost; NNK_OK, which is 0, after the last one.
    nnk_status step() { return check(nnk_train_step(&job, arena.data())); }

    nnk_progress progress() const {
        nnk_progress progress;
        check(nnk_train_progress(&job, arena.data(), &progress));
        return progress;
    }

    /// The run as it is now, to go on from later or elsewhere.
    Bytes checkpoint() {
        Bytes file(nnk_checkpoint_bytes(&job));
        nnk_checkpoint progress = {};
        while (check(nnk_checkpoint_save(&job, arena.data(), &progress, {write, &file})) > 0) {
        }
        return file;
    }

    /// The model file, after the last step.
    Bytes finish() {
        Bytes file(nnk_model_bytes(job.topology, job.arithmetic->dtype));
        while (check(nnk_train_finish(&job, arena.data(), {write, &file})) > 0) {
        }
        return file;
    }

  private:
    // Called from C: they must not throw, so the vectors have their size already.
    static nnk_status write(void *context, uint32_t offset, const uint8_t *bytes, uint32_t count) noexcept {
        Bytes &file = *static_cast<Bytes *>(context);
        if (offset > file.size() || count > file.size() - offset) return NNK_E_SINK;
        std::memcpy(file.data() + offset, bytes, count);
        return NNK_OK;
    }
    static nnk_status read(void *context, uint32_t offset, uint32_t count, uint8_t *out) noexcept {
        const Bytes &file = *static_cast<const Bytes *>(context);
        if (offset > file.size() || count > file.size() - offset) return NNK_E_SOURCE;
        std::memcpy(out, file.data() + offset, count);
        return NNK_OK;
    }
};

/// A model, from the bytes of its file, with copies of these and of the topology.
class Model {
    Memory file;
    nnk_topology topology;
    nnk_model model;

  public:
    Model(const Bytes &bytes, const nnk_topology &sizes) : file(bytes.size()), topology(sizes) {
        if (!bytes.empty()) std::memcpy(file.data(), bytes.data(), bytes.size());
        check(nnk_model_open(&model, file.data(), file.size(), &topology));
        nnk_model_to_native(&model, file.data());
    }
    Model(const Model &) = delete; // `model` points to `file` and `topology`
    Model &operator=(const Model &) = delete;

    /// What its header says, and its parameters.
    const nnk_model &description() const { return model; }

    /// The probability of class 1 for one image of topology.size[0] bytes.
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
