// What Examples/cpp/nnkernel.hpp does where things go wrong. Prints what failed; the exit code is 1 then.
#include "nnkernel.hpp"
#include <csignal>
#include <cstdio>
#include <fcntl.h>
#include <memory>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#define NNK_NETWORK_TINY (30, 3, 1)

namespace {

int failures = 0;

void check_that(bool holds, const char *what) {
    if (holds) return;
    std::printf("failed: %s\n", what);
    failures++;
}

/// Whether `action` throws Error with that status.
template <typename Action> bool throws(nnk_status status, Action action) {
    try {
        action();
    } catch (const nnkernel::Error &error) {
        return error.status == status;
    } catch (const std::exception &error) {
        std::printf("not an Error: %s\n", error.what());
    }
    return false;
}

void test_files(const std::filesystem::path &folder) {
    using nnkernel::read_file;
    check_that(throws(NNK_E_SOURCE, [&] { read_file(folder / "no such file"); }), "no such file");
    check_that(throws(NNK_E_SOURCE, [&] { read_file(folder); }), "a folder is not read");
    check_that(throws(NNK_E_SINK, [&] { nnkernel::write_file(folder / "none" / "x", {}); }),
               "no such folder");
    for (const nnkernel::Bytes &bytes : {nnkernel::Bytes{}, nnkernel::Bytes{1, 2, 3}}) {
        nnkernel::write_file(folder / "bytes", bytes);
        check_that(read_file(folder / "bytes") == bytes, "what is written is read");
    }
}

/// A file that cannot be written whole leaves the old one, and nothing else.
void test_full_disk(const std::filesystem::path &folder) {
    const std::filesystem::path path = folder / "old";
    nnkernel::write_file(path, {1, 2, 3});
    std::signal(SIGXFSZ, SIG_IGN);
    rlimit limit = {};
    getrlimit(RLIMIT_FSIZE, &limit);
    const rlim_t most = limit.rlim_cur;
    limit.rlim_cur = 100;
    setrlimit(RLIMIT_FSIZE, &limit);
    const bool fails = throws(NNK_E_SINK, [&] { nnkernel::write_file(path, nnkernel::Bytes(100000, 7)); });
    limit.rlim_cur = most;
    setrlimit(RLIMIT_FSIZE, &limit);
    check_that(fails, "a full disk");
    check_that(nnkernel::read_file(path) == nnkernel::Bytes{1, 2, 3}, "the old file is whole");
    check_that(!std::filesystem::exists(folder / "old.tmp"), "no draft is left");
}

/// A pipe, a device and a symbolic link are written to, and stay what they are.
void test_special_files(const std::filesystem::path &folder) {
    using std::filesystem::symlink_status;
    const std::filesystem::path pipe = folder / "pipe", link = folder / "link";
    uint8_t bytes[4] = {};
    check_that(mkfifo(pipe.c_str(), 0600) == 0, "a pipe is made");
    const int reader = open(pipe.c_str(), O_RDWR | O_NONBLOCK);
    nnkernel::write_file(pipe, {1, 2, 3});
    check_that(read(reader, bytes, sizeof bytes) == 3 && bytes[2] == 3, "a pipe gets the bytes");
    close(reader);
    check_that(is_fifo(symlink_status(pipe)), "a pipe stays one");
    nnkernel::write_file("/dev/null", {1, 2, 3});
    std::filesystem::create_symlink("target", link);
    nnkernel::write_file(link, {1, 2, 3});
    check_that(is_symlink(symlink_status(link)), "a link stays one");
    check_that(nnkernel::read_file(folder / "target") == nnkernel::Bytes{1, 2, 3}, "a link is followed");
    check_that(throws(NNK_E_SINK, [&] { nnkernel::write_file(folder, {}); }), "a folder is not written");
}

void test_runs() {
    static const nnk_topology tiny = NNK_TOPOLOGY(TINY);
    const nnkernel::Bytes images(4 * NNK_INPUTS(TINY), 7), labels = {0, 1, 0, 1};
    nnk_job job = {};
    job.topology = &tiny;
    job.arithmetic = &nnk_f64;
    job.method = &nnk_primal;
    job.iterations = 3;
    job.examples = 4;
    job.learning_rate = 0.1;
    job.labels = labels.data();
    job.images.images = images.data();
    check_that(throws(NNK_E_ARGUMENT, [] { nnkernel::Trainer(nnk_job{}); }), "an empty job");
    check_that(throws(NNK_E_SOURCE, [&] { nnkernel::Trainer(job, nnkernel::Bytes{}); }), "no checkpoint");

    nnkernel::Trainer trainer(job);
    trainer.step();
    nnkernel::Trainer other(job, trainer.checkpoint()), moved = std::move(trainer);
    check_that(throws(NNK_E_ARGUMENT, [&] { trainer.step(); }), "a trainer that was moved from");
    check_that(throws(NNK_E_STATE, [&] { moved.finish(); }), "finished too early");
    while (moved.step() > 0 && other.step() > 0) {
    }
    while (other.step() > 0) {
    }
    const nnkernel::Bytes file = moved.finish();
    check_that(file == other.finish() && file == moved.finish(), "the same model, each time");

    auto gone = std::make_unique<nnk_topology>(tiny); // a model has its own
    const nnkernel::Model model(file, *gone);
    gone.reset();
    const double probability = model.predict(images.data());
    check_that(probability > 0 && probability < 1, "a model outlives the topology that it was opened with");
    check_that(throws(NNK_E_LENGTH, [] { nnkernel::Model({}, tiny); }), "an empty model file");
}

} // namespace

int main(int count, char **words) {
    if (count != 2) return 2;
    test_files(words[1]);
    test_full_disk(words[1]);
    test_special_files(words[1]);
    test_runs();
    return failures > 0;
}
