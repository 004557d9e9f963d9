// The same training job with FANN: 12288-20-7-5-1, full batch, the same learning rate.
//
//     fann-float DATA.raw ITERATIONS        DATA.raw: m images of 12288 bytes, then m labels
//
// FANN differs in three points: it minimises the squared error, it has no ReLU (hidden layers are sigmoids
// here), and it draws other initial weights. So its cost cannot be compared; the work per iteration is the
// same.
#include FANN_HEADER
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { PIXELS = 12288 };

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

int main(int argc, char **argv) {
    FILE *in = argc == 3 ? fopen(argv[1], "rb") : NULL;
    if (!in || fseek(in, 0, SEEK_END) != 0) return 66;
    const unsigned m = (unsigned)(ftell(in) / (PIXELS + 1));
    const int iterations = atoi(argv[2]);
    rewind(in);

    struct fann_train_data *data = fann_create_train(m, PIXELS, 1);
    for (unsigned j = 0; j < m; j++)
        for (int k = 0; k < PIXELS; k++) data->input[j][k] = (fann_type)getc(in) / 255;
    for (unsigned j = 0; j < m; j++) data->output[j][0] = (fann_type)getc(in);
    if (ferror(in) || fclose(in) != 0) return 74;

    struct fann *net = fann_create_standard(5, PIXELS, 20, 7, 5, 1);
    fann_set_training_algorithm(net, FANN_TRAIN_BATCH);
    fann_set_train_error_function(net, FANN_ERRORFUNC_LINEAR);
    fann_set_activation_function_hidden(net, FANN_SIGMOID);
    fann_set_activation_function_output(net, FANN_SIGMOID);
    fann_set_activation_steepness_hidden(net, (fann_type)0.5);
    fann_set_activation_steepness_output(net, (fann_type)0.5);
    fann_set_learning_rate(net, 0.0075f);
    fann_randomize_weights(net, (fann_type)-0.01, (fann_type)0.01);

    fann_train_epoch(net, data); // allocates its buffers
    const double start = now();
    for (int i = 0; i < iterations; i++) fann_train_epoch(net, data);
    printf("{\"seconds\": %.9f, \"costs\": []}\n", now() - start);
    fann_destroy(net);
    fann_destroy_train(data);
    return 0;
}
