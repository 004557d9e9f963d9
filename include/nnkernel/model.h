/// The model file: a 64-byte header, the parameters, the class names, then records: of the training if it had
/// options, and of what to expect if the model was judged. It is used in place, in RAM or flash.
/// docs/FORMAT.md describes every byte.
///
///     nnk_model model;
///     nnk_status status = nnk_model_open(&model, file, length, &nnk_deep);
///     if (status == NNK_OK) nnk_model_to_native(&model, file); // for big-endian processors
///     if (status == NNK_OK) name = model.class_names[1];
#ifndef NNKERNEL_MODEL_H
#define NNKERNEL_MODEL_H

#include "nnkernel/status.h"
#include "nnkernel/stream.h"
#include "nnkernel/topology.h"
#include "nnkernel/version.h"
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define NNK_HEADER_BYTES     64
#define NNK_CLASS_NAME_BYTES 32 ///< for each class: up to 31 bytes of UTF-8, then zeros

/// What nnk_model_bytes and NNK_MODEL_BYTES do not count: a model with any option has a training record, and
/// one with NNK_OPTION_JUDGED an expectation behind it.
#define NNK_TRAINING_RECORD_BYTES 32
#define NNK_EXPECTATION_BYTES     48

#define NNK_INIT_NONE 0 ///< initializer of a model whose weights were imported, not trained

// The options of a model, bits of nnk_model.options. Prediction depends on own contrast alone; the others
// say how the weights came about.
#define NNK_OPTION_CENTERED     1   ///< the mean of the images was taken off; it is folded into b1
#define NNK_OPTION_OWN_CONTRAST 2   ///< each image's own brightness and contrast are taken off
#define NNK_OPTION_MIRRORED     4   ///< each image was also learned mirrored
#define NNK_OPTION_KEEP_BEST    8   ///< the parameters are those with the lowest held-out cost
#define NNK_OPTION_WEIGHTS      16  ///< the examples had weights
#define NNK_OPTION_START        32  ///< the initial weights were those of another model
#define NNK_OPTION_DECAY        64  ///< the weights decayed
#define NNK_OPTION_JUDGED       128 ///< the model was judged and calibrated; no option of a training
#define NNK_OPTIONS             255 ///< all of them

/// What belongs to the options. A field is zero without its option.
typedef struct nnk_training_record {
    nnk_mirror mirror;       ///< NNK_OPTION_MIRRORED
    double weight_decay;     ///< NNK_OPTION_DECAY: above 0, and finite
    uint32_t weights_crc;    ///< NNK_OPTION_WEIGHTS: CRC-32 of the weights, as little-endian floats
    uint32_t start_crc;      ///< NNK_OPTION_START: nnk_model_payload_crc of that model
    uint32_t kept_iteration; ///< NNK_OPTION_KEEP_BEST: the parameters are those after so many iterations
    uint32_t weights_rule;   ///< NNK_OPTION_WEIGHTS: how the caller made them, a number of the caller's own
} nnk_training_record;

/// What to expect of a model with NNK_OPTION_JUDGED. The scores are those of nnk_scores (judge.h), on images
/// that were not seen: 0 ... 1, but for the log loss, which is 0 or more.
typedef struct nnk_expectation {
    double scale, shift; ///< the calibration, which is part of the last layer: logit = scale z + shift
    float accuracy, low, high, log_loss, auc, guessing; ///< low ... high: the interval of the accuracy
    uint32_t examples;                                  ///< judged on so many
    uint32_t folds;                                     ///< of the cross-validation
} nnk_expectation;

/// Both records as they follow each other in a file; one that is not judged ends with the first.
typedef struct nnk_records {
    nnk_training_record training;
    nnk_expectation expectation;
} nnk_records;

/// How a prediction reads a model piece by piece; private.
typedef struct nnk_reading nnk_reading;

/// What a model's header says, and where its parameters are.
typedef struct nnk_model {
    const nnk_topology *topology;
    /// W1, b1, W2, b2, ..., each W row by row, aligned to 8 bytes. NNK_I8 is different: first come floats,
    /// which are the scales of W1's rows, b1, W2, b2, ..., and then W1 as int8. nnk_model_weights finds each
    /// part.
    const void *parameters;
    const char *class_names[2]; ///< each ends with a zero; empty if the job had none
    const void *records;    ///< nnk_records, little-endian, at any address; NULL: the training's are zeros
    uint32_t payload_bytes; ///< of the parameters, the class names and the records
    int32_t dtype;          ///< NNK_F32, NNK_F64 or NNK_I8
    int32_t options;        ///< NNK_OPTION_CENTERED and so on, added; 0: none
    // How the model was trained. All zeros for an imported model. It can have two options: own contrast,
    // which its prediction needs, and that it was judged, which needs images but no training.
    int32_t method;      ///< NNK_PRIMAL or NNK_DUAL
    int32_t initializer; ///< NNK_INIT_DEEP or NNK_INIT_SMALL; NNK_INIT_NONE: imported
    uint32_t seed;
    uint32_t iterations;
    uint32_t examples;
    uint32_t data_crc; ///< CRC-32 of the training data: of the labels, one byte each, then of the images
    double learning_rate;
    uint32_t payload_crc; ///< of the file's payload; nnk_model_write ignores it
    uint32_t shards;      ///< nnk_job.shards: 0, or with NNK_PRIMAL a power of two
    // Where a model of nnk_model_read_step is, and how it is read. Any other model has zeros here.
    nnk_reader reader;
    const nnk_reading *reading;
} nnk_model;

/// How far a file is read or written. It must start as zeros; then only the functions change it.
typedef struct nnk_steps {
    uint32_t position; ///< bytes of the payload that are done
    uint32_t crc;      ///< of these
    uint32_t scanned;  ///< weights of a row, while nnk_model_quantize_step looks for the largest
    uint32_t unsound;  ///< 1 once a parameter was read that no model may have
    double largest;    ///< of these, in size
    double carried;    ///< from the last weight that was quantized to the next one
} nnk_steps;

/// Checks a model file of `length` bytes and describes it. `model` refers to `bytes` and `topology`, which
/// must outlive it. No size is taken from the file: its topology must be equal to `topology`.
///
/// The checks, in this order. NNK_E_LENGTH: fewer than 64 bytes (`bytes` may be NULL if `length` is 0).
/// NNK_E_ALIGN: `bytes` is not aligned to 8. NNK_E_ARGUMENT: NULL, or an invalid topology. NNK_E_MAGIC: not a
/// model. NNK_E_HEADER: wrong checksum of the header. NNK_E_VERSION: a later one, or an unknown option.
/// NNK_E_KIND: a checkpoint, or an unknown element type. NNK_E_TOPOLOGY: another one. NNK_E_SIZE: the header
/// says another size than the topology needs. NNK_E_LENGTH or NNK_E_SIZE: fewer or more bytes than the header
/// says. NNK_E_PAYLOAD: wrong checksum of the payload. NNK_E_PARAMETER: a parameter is infinite or NaN, or a
/// scale of a model of NNK_I8 is below zero or -0. NNK_E_HEADER: a method or an initializer that does not
/// exist, or a learning rate or options that no training has. NNK_E_KIND: a class name does not end.
/// The records are looked at by those who ask for them.
nnk_status nnk_model_open(nnk_model *model, const void *bytes, size_t length, const nnk_topology *topology)
    NNK_VERSIONED(nnk_model_open);

/// The same in steps that look at up to 3072 bytes: NNK_MORE, and NNK_OK when the model is open. The other
/// arguments must be the same in all calls.
nnk_status nnk_model_open_step(nnk_model *model, const void *bytes, size_t length,
                               const nnk_topology *topology, nnk_steps *steps);

/// Checks a model file that is not in memory, in steps that read up to 3072 bytes: NNK_MORE, and NNK_OK when
/// all of it is checked. `model` keeps `reader`, whose context must outlive it, and has no parameters and
/// class names in memory; nnk_predict_begin and nnk_model_class_name read them.
///
///     nnk_model model;
///     nnk_steps steps = {0};
///     while ((status = nnk_model_read_step(&model, reader, &nnk_deep, &steps)) > 0) {}
///
/// The statuses are those of nnk_model_open, but for NNK_E_LENGTH, NNK_E_ALIGN and bytes behind the file's
/// end, which are not noticed. NNK_E_SOURCE: reading failed; call again to read the same bytes again.
nnk_status nnk_model_read_step(nnk_model *model, nnk_reader reader, const nnk_topology *topology,
                               nnk_steps *steps);

/// Checks and describes the header alone: `bytes` holds NNK_HEADER_BYTES. Pointers into the payload are NULL.
/// The statuses are those of nnk_model_open up to the first NNK_E_SIZE, without NNK_E_LENGTH and NNK_E_ALIGN.
nnk_status nnk_model_peek(nnk_model *model, const void *bytes, const nnk_topology *topology);

/// Files are little-endian. On a big-endian processor this swaps the bytes of an opened model's parameters in
/// place, which nnk_predict_begin and nnk_model_weights need. On other processors it does nothing. A file
/// that cannot be changed, such as a C header's array, is opened by nnk_model_read_step, which swaps what it
/// reads.
void nnk_model_to_native(const nnk_model *model, void *bytes);

/// Copies the name of class `index`, 0 or 1, which ends with a zero, from an opened model, in memory or read.
/// NNK_E_ARGUMENT. NNK_E_SOURCE: reading failed.
nnk_status nnk_model_class_name(const nnk_model *model, int32_t index, char name[NNK_CLASS_NAME_BYTES]);

/// The training record of an opened model; zeros if the model has no option, or no records. NNK_E_ARGUMENT.
/// NNK_E_HEADER: no training has such a record. NNK_E_SOURCE: reading it failed.
nnk_status nnk_model_record(const nnk_model *model, nnk_training_record *record);

/// What to expect of an opened model. NNK_E_ARGUMENT. NNK_E_STATE: it was not judged. NNK_E_HEADER: a number
/// is out of its range. NNK_E_SOURCE: reading it failed.
nnk_status nnk_model_expectation(const nnk_model *model, nnk_expectation *expectation);

/// Turns records from this processor's byte order to that of a file, for nnk_model.records, or back.
void nnk_records_to_file(nnk_records *records);

/// Bytes of a model file with this element type; 0 if the topology or the type is not valid. A model with
/// options has NNK_TRAINING_RECORD_BYTES more, and one that was judged also NNK_EXPECTATION_BYTES.
uint32_t nnk_model_bytes(const nnk_topology *topology, int32_t dtype);

/// The weights (outputs, inputs) of layer `layer`, 1 ... layers, and its biases (outputs), in an opened
/// model in memory. They are of the model's element type. In a model of NNK_I8 only the weights of layer 1
/// are int8_t, each to be multiplied by the scale of its row; all else is float. NULL for wrong arguments,
/// after nnk_model_peek and after nnk_model_read_step.
const void *nnk_model_weights(const nnk_model *model, int32_t layer);
const void *nnk_model_biases(const nnk_model *model, int32_t layer);

/// The scales of the rows of W1 (units of layer 1) in a model of NNK_I8; NULL in any other.
const float *nnk_model_scales(const nnk_model *model);

/// Where the same weights and biases begin in a model file, in bytes from its start, for programs that read
/// the file piece by piece. 0 for wrong arguments.
uint32_t nnk_model_weights_at(const nnk_topology *topology, int32_t dtype, int32_t layer);
uint32_t nnk_model_biases_at(const nnk_topology *topology, int32_t dtype, int32_t layer);

/// The CRC-32 of the payload, from the header of a model or checkpoint that was checked (NNK_HEADER_BYTES).
uint32_t nnk_model_payload_crc(const void *header);

/// Writes a model file, nnk_model_bytes(topology, dtype) bytes, from parameters in this processor's byte
/// order. `payload_bytes` is ignored, and class names may be NULL. With options the file has its records, and
/// is of version 2; without, of version 1.
///
/// NNK_E_ARGUMENT: also for what is refused with NNK_E_HEADER on reading. NNK_E_PARAMETER: as on reading.
/// NNK_E_SINK: a write failed.
nnk_status nnk_model_write(const nnk_model *model, nnk_sink sink);

/// Writes a model once more, calibrated and with what to expect of it: the last layer's weights become
/// scale w, and its bias scale b + shift, computed in double. All else stays as it is.
///
/// NNK_E_ARGUMENT: also for an expectation with numbers that are not finite or not in their ranges, low above
/// high, or a negative scale. NNK_E_KIND: the model is of NNK_I8; calibrate first, then quantize.
/// NNK_E_STATE: it was judged before. NNK_E_SINK: a write failed. NNK_E_PARAMETER: a parameter is not finite,
/// or becomes too large.
nnk_status nnk_model_calibrate(const nnk_model *model, const nnk_expectation *expectation, nnk_sink sink);

/// Writes a model of NNK_I8 from one of NNK_F32 or NNK_F64: the weights of layer 1 become bytes, all other
/// parameters become float; the records stay. It computes in double, so the bytes are the same everywhere:
///
/// - scale[i] = max over k of |w[i][k]| / 127, rounded to float; 0 if it is below FLT_MIN
/// - q[i][k] = w[i][k] / scale[i], rounded to nearest even; 0 if the scale is 0
/// - with own contrast, what rounding leaves of w[i][k] / scale[i] is added to w[i][k + 1] / scale[i]: the
///   bytes of a row then sum up to zero as its weights do
///
/// NNK_E_ARGUMENT. NNK_E_KIND: the model is of NNK_I8. NNK_E_SINK: a write failed. NNK_E_PARAMETER: a
/// parameter is too large for a float, or not a number.
nnk_status nnk_model_quantize(const nnk_model *model, nnk_sink sink);

/// The same in steps that look at up to 3072 weights or write up to 192: NNK_MORE, and NNK_OK when the header
/// is written. The model must be the same in all calls. After NNK_E_SINK, call again to write the same bytes
/// again.
nnk_status nnk_model_quantize_step(const nnk_model *model, nnk_sink sink, nnk_steps *steps);

/// CRC-32 as in zlib and PNG. Start with 0, and pass the last result on for the next piece.
uint32_t nnk_crc32(uint32_t crc, const uint8_t *bytes, size_t count);

/// The CRC-32 of bytes a followed by bytes b, from the CRC-32 of each. count: bytes of b.
uint32_t nnk_crc32_joined(uint32_t crc_a, uint32_t crc_b, uint64_t count);

#ifdef __cplusplus
}
#endif

#endif
