/// The README's first program in C++17: learns to tell dark images from bright ones.
#include "nnkernel.hpp"
#include <cstdio>

int main() try {
    constexpr size_t examples = 20, pixels = NNK_INPUTS(DEEP); // 64 x 64, R G B
    std::vector<uint8_t> images(examples * pixels), labels(examples);
    for (size_t j = 0; j < examples; j++) {
        labels[j] = j % 2 == 1;
        std::memset(&images[j * pixels], int(5 * j + 150 * labels[j]), pixels);
    }

    nnk_job job = {};
    job.topology = &nnk_deep;
    job.arithmetic = nnk_fastest(NNK_F32);
    job.method = &nnk_dual_wide;
    job.iterations = 2500;
    job.learning_rate = 0.0075;
    job.seed = 1;
    job.examples = examples;
    job.labels = labels.data();
    job.images.images = images.data();
    nnkernel::Trainer trainer(job);
    while (trainer.step()) {
    }

    const nnkernel::Model model(trainer.finish(), nnk_deep);
    for (size_t j = 0; j < 4; j++)
        std::printf("image %zu: bright with probability %.4f\n", j, model.predict(&images[j * pixels]));
} catch (const nnkernel::Error &error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
}
