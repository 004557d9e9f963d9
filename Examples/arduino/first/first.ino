// Learns to tell dark images from bright ones, and says on the serial line how sure it is.
//
// Images are made up while they are read and take no memory; yours may come from flash, a card or a camera.
#include <nnkernel.h>
#include <string.h>

#define NNK_NETWORK_SMALL (192, 8, 4, 1)  // 8 x 8, R G B

enum { IMAGES = 20, PIXELS = NNK_INPUTS(SMALL) };

static const nnk_topology topology = NNK_TOPOLOGY(SMALL);
static uint8_t labels[IMAGES];
alignas(8) static uint8_t arena[NNK_DUAL_BYTES(SMALL, 4, IMAGES)];
alignas(8) static uint8_t file[NNK_MODEL_BYTES(SMALL, 4)];
alignas(8) static uint8_t memory[NNK_PREDICT_BYTES(SMALL, 4)];

static nnk_status readImage(void *, uint32_t example, uint32_t, uint32_t count, uint8_t *out) {
  memset(out, 5 * example + 150 * labels[example], count);
  return NNK_OK;
}

static nnk_status writeModel(void *, uint32_t offset, const uint8_t *bytes, uint32_t count) {
  memcpy(file + offset, bytes, count);
  return NNK_OK;
}

static nnk_status train() {
  nnk_job job = {};
  job.topology = &topology;
  job.arithmetic = &nnk_f32;
  job.method = &nnk_dual;
  job.iterations = 2500;
  job.cost_every = 500;
  job.learning_rate = 0.01;
  job.seed = 1;
  job.examples = IMAGES;
  job.labels = labels;
  job.images.read = readImage;

  nnk_status status = nnk_train_begin(&job, arena, sizeof arena);
  while (status >= 0 && (status = nnk_train_step(&job, arena)) > 0) {
    if (status != NNK_COST) continue;
    nnk_progress progress;
    nnk_train_progress(&job, arena, &progress);
    Serial.print("cost ");
    Serial.println(progress.cost, 4);
  }
  nnk_sink sink = {writeModel, nullptr};
  while (status >= 0 && (status = nnk_train_finish(&job, arena, sink)) > 0) {
  }
  return status;
}

static nnk_status predict(const nnk_model *model, uint32_t example, double *probability) {
  uint8_t image[PIXELS];
  readImage(nullptr, example, 0, PIXELS, image);
  nnk_status status = nnk_predict_begin(memory, sizeof memory, model, &nnk_f32_inference);
  if (status == NNK_OK) status = nnk_predict_feed(memory, image, PIXELS);
  return status == NNK_OK ? nnk_predict_finish(memory, probability) : status;
}

void setup() {
  Serial.begin(115200);
  for (int j = 0; j < IMAGES; j++) labels[j] = j % 2 == 1;  // class 0: dark; class 1: bright

  nnk_model model;
  double probability;
  nnk_status status = train();
  if (status == NNK_OK) status = nnk_model_open(&model, file, sizeof file, &topology);
  for (int j = 0; j < 4 && status == NNK_OK; j++) {
    status = predict(&model, j, &probability);
    Serial.print("bright with probability ");
    Serial.println(probability, 4);
  }
  if (status != NNK_OK) Serial.println(nnk_status_text(status));
}

void loop() {}
