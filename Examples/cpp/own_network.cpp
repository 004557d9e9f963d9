/// A network of one's own in C++20: 768-12-4-1, for 16 x 16 RGB pixels. It trains, saves a checkpoint half
/// way, goes on from it as another process would, writes the model file, and predicts from the file.
///
///     own_network [FOLDER]        where run.ckpt and model.nnk go
#include "nnkernel.hpp"
#include <cstdio>

#define NNK_NETWORK_SMALL (768, 12, 4, 1)

namespace {

constexpr nnk_topology small = NNK_TOPOLOGY(SMALL);
constexpr size_t examples = 20, pixels = NNK_INPUTS(SMALL);

/// Trains until `iterations` are done, or to the end.
void train(nnkernel::Trainer &trainer, uint32_t iterations) {
    while (trainer.progress().iteration < iterations) {
        const nnk_status status = trainer.step();
        if (status == NNK_OK) return;
        if (status != NNK_COST) continue;
        const nnk_progress progress = trainer.progress();
        std::printf("iteration %u: cost %.4f\n", unsigned(progress.cost_iteration), progress.cost);
    }
}

void run(const std::filesystem::path &folder) {
    std::vector<uint8_t> images(examples * pixels), labels(examples);
    for (size_t j = 0; j < examples; j++) { // class 0: dark; class 1: bright
        labels[j] = j % 2 == 1;
        std::memset(&images[j * pixels], int(5 * j + 150 * labels[j]), pixels);
    }
    nnk_job job = {}; // zeros: no options
    job.topology = &small;
    job.arithmetic = nnk_fastest(NNK_F32);
    job.method = &nnk_dual;
    job.seed = 1;
    job.iterations = 2000;
    job.cost_every = 500;
    job.examples = examples;
    job.learning_rate = 0.0075;
    job.labels = labels.data();
    job.class_names[0] = "dark";
    job.class_names[1] = "bright";
    job.images.images = images.data();
    {
        nnkernel::Trainer trainer(job);
        train(trainer, 1000);
        nnkernel::write_file(folder / "run.ckpt", trainer.checkpoint());
    }
    nnkernel::Trainer trainer(job, nnkernel::read_file(folder / "run.ckpt"));
    train(trainer, UINT32_MAX);
    nnkernel::write_file(folder / "model.nnk", trainer.finish());

    const nnkernel::Model model(nnkernel::read_file(folder / "model.nnk"), small);
    for (size_t j = 0; j < 4; j++)
        std::printf("image %zu: %s with probability %.4f\n", j, model.description().class_names[1],
                    model.predict(&images[j * pixels]));
}

} // namespace

int main(int count, char **words) try {
    run(count > 1 ? words[1] : ".");
} catch (const nnkernel::Error &error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
}
