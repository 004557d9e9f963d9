/// Points of the logarithm in math_f64.h: 1/c and log(c), for a c near the middle of each 1/128 of
/// [0.6875, 1.375).
///
/// numpy on Linux draws its normals with the C library's log, which in one case of a thousand is not the
/// nearest double. Only a log with the same points gives the same initial weights to the bit. So these are
/// the points of "Optimized Routines" (Arm, MIT licence), from which the C library's log comes. The last 11
/// bits of log(c) are zero, so that k ln 2 + log(c) is exact.
///
/// Where the code is built for size, a point is four bytes, not 16: of 1/c the offset from 1/middle is kept,
/// and log(c) is computed.
#ifndef NNK_LOG_TABLE_H
#define NNK_LOG_TABLE_H

#include <stdint.h>

#if !defined(NNK_SMALL_LOG)
#if defined(__OPTIMIZE_SIZE__)
#define NNK_SMALL_LOG 1
#else
#define NNK_SMALL_LOG 0
#endif
#endif

typedef struct nnk_log_point {
    double inverse, log;
} nnk_log_point;

// clang-format off
#define NNK_LOG_POINTS(P) \
    P(0, 0x1.734f0c3e0de9fp+0, -0x1.7cc7f79e69000p-2) P(1, 0x1.713786a2ce91fp+0, -0x1.76feec20d0000p-2) \
    P(2, 0x1.6f26008fab5a0p+0, -0x1.713e31351e000p-2) P(3, 0x1.6d1a61f138c7dp+0, -0x1.6b85b38287800p-2) \
    P(4, 0x1.6b1490bc5b4d1p+0, -0x1.65d5590807800p-2) P(5, 0x1.69147332f0cbap+0, -0x1.602d076180000p-2) \
    P(6, 0x1.6719f18224223p+0, -0x1.5a8ca86909000p-2) P(7, 0x1.6524f99a51ed9p+0, -0x1.54f4356035000p-2) \
    P(8, 0x1.63356aa8f24c4p+0, -0x1.4f637c36b4000p-2) P(9, 0x1.614b36b9ddc14p+0, -0x1.49da7fda85000p-2) \
    P(10, 0x1.5f66452c65c4cp+0, -0x1.445923989a800p-2) P(11, 0x1.5d867b5912c4fp+0, -0x1.3edf439b0b800p-2) \
    P(12, 0x1.5babccb5b90dep+0, -0x1.396ce448f7000p-2) P(13, 0x1.59d61f2d91a78p+0, -0x1.3401e17bda000p-2) \
    P(14, 0x1.5805612465687p+0, -0x1.2e9e2ef468000p-2) P(15, 0x1.56397cee76bd3p+0, -0x1.2941b3830e000p-2) \
    P(16, 0x1.54725e2a77f93p+0, -0x1.23ec58cda8800p-2) P(17, 0x1.52aff42064583p+0, -0x1.1e9e129279000p-2) \
    P(18, 0x1.50f22dbb2bddfp+0, -0x1.1956d2b48f800p-2) P(19, 0x1.4f38f4734ded7p+0, -0x1.141679ab9f800p-2) \
    P(20, 0x1.4d843cfde2840p+0, -0x1.0edd094ef9800p-2) P(21, 0x1.4bd3ec078a3c8p+0, -0x1.09aa518db1000p-2) \
    P(22, 0x1.4a27fc3e0258ap+0, -0x1.047e65263b800p-2) P(23, 0x1.4880524d48434p+0, -0x1.feb224586f000p-3) \
    P(24, 0x1.46dce1b192d0bp+0, -0x1.f474a7517b000p-3) P(25, 0x1.453d9d3391854p+0, -0x1.ea4443d103000p-3) \
    P(26, 0x1.43a2744b4845ap+0, -0x1.e020d44e9b000p-3) P(27, 0x1.420b54115f8fbp+0, -0x1.d60a22977f000p-3) \
    P(28, 0x1.40782da3ef4b1p+0, -0x1.cc00104959000p-3) P(29, 0x1.3ee8f5d57fe8fp+0, -0x1.c202956891000p-3) \
    P(30, 0x1.3d5d9a00b4ce9p+0, -0x1.b81178d811000p-3) P(31, 0x1.3bd60c010c12bp+0, -0x1.ae2c9ccd3d000p-3) \
    P(32, 0x1.3a5242b75dab8p+0, -0x1.a45402e129000p-3) P(33, 0x1.38d22cd9fd002p+0, -0x1.9a877681df000p-3) \
    P(34, 0x1.3755bc5847a1cp+0, -0x1.90c6d69483000p-3) P(35, 0x1.35dce49ad36e2p+0, -0x1.87120a645c000p-3) \
    P(36, 0x1.34679984dd440p+0, -0x1.7d68fb4143000p-3) P(37, 0x1.32f5cceffcb24p+0, -0x1.73cb83c627000p-3) \
    P(38, 0x1.3187775a10d49p+0, -0x1.6a39a9b376000p-3) P(39, 0x1.301c8373e3990p+0, -0x1.60b3154b7a000p-3) \
    P(40, 0x1.2eb4ebb95f841p+0, -0x1.5737d76243000p-3) P(41, 0x1.2d50a0219a9d1p+0, -0x1.4dc7b8fc23000p-3) \
    P(42, 0x1.2bef9a8b7fd2ap+0, -0x1.4462c51d20000p-3) P(43, 0x1.2a91c7a0c1babp+0, -0x1.3b08abc830000p-3) \
    P(44, 0x1.293726014b530p+0, -0x1.31b996b490000p-3) P(45, 0x1.27dfa5757a1f5p+0, -0x1.2875490a44000p-3) \
    P(46, 0x1.268b39b1d3bbfp+0, -0x1.1f3b9f879a000p-3) P(47, 0x1.2539d838ff5bdp+0, -0x1.160c8252ca000p-3) \
    P(48, 0x1.23eb7aac9083bp+0, -0x1.0ce7f57f72000p-3) P(49, 0x1.22a012ba940b6p+0, -0x1.03cdc49fea000p-3) \
    P(50, 0x1.2157996cc4132p+0, -0x1.f57bdbc4b8000p-4) P(51, 0x1.201201dd2fc9bp+0, -0x1.e370896404000p-4) \
    P(52, 0x1.1ecf4494d480bp+0, -0x1.d17983ef94000p-4) P(53, 0x1.1d8f5528f6569p+0, -0x1.bf9674ed8a000p-4) \
    P(54, 0x1.1c52311577e7cp+0, -0x1.adc79202f6000p-4) P(55, 0x1.1b17c74cb26e9p+0, -0x1.9c0c3e7288000p-4) \
    P(56, 0x1.19e010c2c1ab6p+0, -0x1.8a646b372c000p-4) P(57, 0x1.18ab07bb670bdp+0, -0x1.78d01b3ac0000p-4) \
    P(58, 0x1.1778a25efbcb6p+0, -0x1.674f145380000p-4) P(59, 0x1.1648d354c31dap+0, -0x1.55e0e6d878000p-4) \
    P(60, 0x1.151b990275fddp+0, -0x1.4485cdea1e000p-4) P(61, 0x1.13f0ea432d24cp+0, -0x1.333d94d6aa000p-4) \
    P(62, 0x1.12c8b7210f9dap+0, -0x1.22079f8c56000p-4) P(63, 0x1.11a3028ecb531p+0, -0x1.10e4698622000p-4) \
    P(64, 0x1.107fbda8434afp+0, -0x1.ffa6c6ad20000p-5) P(65, 0x1.0f5ee0f4e6bb3p+0, -0x1.dda8d4a774000p-5) \
    P(66, 0x1.0e4065d2a9fcep+0, -0x1.bbcece4850000p-5) P(67, 0x1.0d244632ca521p+0, -0x1.9a1894012c000p-5) \
    P(68, 0x1.0c0a77ce2981ap+0, -0x1.788583302c000p-5) P(69, 0x1.0af2f83c636d1p+0, -0x1.5715e67d68000p-5) \
    P(70, 0x1.09ddb98a01339p+0, -0x1.35c8a49658000p-5) P(71, 0x1.08cabaf52e7dfp+0, -0x1.149e364154000p-5) \
    P(72, 0x1.07b9f2f4e28fbp+0, -0x1.e72c082eb8000p-6) P(73, 0x1.06ab58c358f19p+0, -0x1.a55f152528000p-6) \
    P(74, 0x1.059eea5ecf92cp+0, -0x1.63d62cf818000p-6) P(75, 0x1.04949cdd12c90p+0, -0x1.228fb8caa0000p-6) \
    P(76, 0x1.038c6c6f0ada9p+0, -0x1.c317b20f90000p-7) P(77, 0x1.02865137932a9p+0, -0x1.419355daa0000p-7) \
    P(78, 0x1.0182427ea7348p+0, -0x1.81203c2ec0000p-8) P(79, 0x1.008040614b195p+0, -0x1.0040979240000p-9) \
    P(80, 0x1.fe01ff726fa1ap-1, 0x1.feff384900000p-9) P(81, 0x1.fa11cc261ea74p-1, 0x1.7dc41353d0000p-7) \
    P(82, 0x1.f6310b081992ep-1, 0x1.3cea3c4c28000p-6) P(83, 0x1.f25f63ceeadcdp-1, 0x1.b9fc114890000p-6) \
    P(84, 0x1.ee9c8039113e7p-1, 0x1.1b0d8ce110000p-5) P(85, 0x1.eae8078cbb1abp-1, 0x1.58a5bd001c000p-5) \
    P(86, 0x1.e741aa29d0c9bp-1, 0x1.95c8340d88000p-5) P(87, 0x1.e3a91830a99b5p-1, 0x1.d276aef578000p-5) \
    P(88, 0x1.e01e009609a56p-1, 0x1.07598e598c000p-4) P(89, 0x1.dca01e577bb98p-1, 0x1.253f5e30d2000p-4) \
    P(90, 0x1.d92f20b7c9103p-1, 0x1.42edd8b380000p-4) P(91, 0x1.d5cac66fb5ccep-1, 0x1.606598757c000p-4) \
    P(92, 0x1.d272caa5ede9dp-1, 0x1.7da76356a0000p-4) P(93, 0x1.cf26e3e6b2ccdp-1, 0x1.9ab434e1c6000p-4) \
    P(94, 0x1.cbe6da2a77902p-1, 0x1.b78c7bb0d6000p-4) P(95, 0x1.c8b266d37086dp-1, 0x1.d431332e72000p-4) \
    P(96, 0x1.c5894bd5d5804p-1, 0x1.f0a3171de6000p-4) P(97, 0x1.c26b533bb9f8cp-1, 0x1.067152b914000p-3) \
    P(98, 0x1.bf583eeece73fp-1, 0x1.147858292b000p-3) P(99, 0x1.bc4fd75db96c1p-1, 0x1.2266ecdca3000p-3) \
    P(100, 0x1.b951e0c864a28p-1, 0x1.303d7a6c55000p-3) P(101, 0x1.b65e2c5ef3e2cp-1, 0x1.3dfc33c331000p-3) \
    P(102, 0x1.b374867c9888bp-1, 0x1.4ba366b7a8000p-3) P(103, 0x1.b094b211d304ap-1, 0x1.5933928d1f000p-3) \
    P(104, 0x1.adbe885f2ef7ep-1, 0x1.66acd2418f000p-3) P(105, 0x1.aaf1d31603da2p-1, 0x1.740f8ec669000p-3) \
    P(106, 0x1.a82e63fd358a7p-1, 0x1.815c0f51af000p-3) P(107, 0x1.a5740ef09738bp-1, 0x1.8e92954f68000p-3) \
    P(108, 0x1.a2c2a90ab4b27p-1, 0x1.9bb3602f84000p-3) P(109, 0x1.a01a01393f2d1p-1, 0x1.a8bed1c2c0000p-3) \
    P(110, 0x1.9d79f24db3c1bp-1, 0x1.b5b515c01d000p-3) P(111, 0x1.9ae2505c7b190p-1, 0x1.c2967ccbcc000p-3) \
    P(112, 0x1.9852ef297ce2fp-1, 0x1.cf635d5486000p-3) P(113, 0x1.95cbaeea44b75p-1, 0x1.dc1bd3446c000p-3) \
    P(114, 0x1.934c69de74838p-1, 0x1.e8c01b8cfe000p-3) P(115, 0x1.90d4f2f6752e6p-1, 0x1.f5509c0179000p-3) \
    P(116, 0x1.8e6528effd79dp-1, 0x1.00e6c121fb800p-2) P(117, 0x1.8bfce9fcc007cp-1, 0x1.071b80e93d000p-2) \
    P(118, 0x1.899c0dabec30ep-1, 0x1.0d46b9e867000p-2) P(119, 0x1.87427aa2317fbp-1, 0x1.13687334bd000p-2) \
    P(120, 0x1.84f00acb39a08p-1, 0x1.1980d67234800p-2) P(121, 0x1.82a49e8653e55p-1, 0x1.1f8ffe0cc8000p-2) \
    P(122, 0x1.8060195f40260p-1, 0x1.2595fd7636800p-2) P(123, 0x1.7e22563e0a329p-1, 0x1.2b9300914a800p-2) \
    P(124, 0x1.7beb377dcb5adp-1, 0x1.3187210436000p-2) P(125, 0x1.79baa679725c2p-1, 0x1.377266dec1800p-2) \
    P(126, 0x1.77907f2170657p-1, 0x1.3d54ffbaf3000p-2) P(127, 0x1.756cadbd6130cp-1, 0x1.432eee32fe000p-2)
// clang-format on

#define NNK_LOG_POINT(i, inverse, log)  {inverse, log},
#define NNK_LOG_MIDDLE(i)               ((i) < 80 ? 0.6875 + ((i) + 0.5) / 256 : 1 + ((i)-80 + 0.5) / 128)
#define NNK_LOG_OFFSET(i, inverse, log) (int32_t)(((inverse)-1 / NNK_LOG_MIDDLE(i)) * 0x1p53),

#if NNK_SMALL_LOG
static const int32_t nnk_log_offsets[] = {NNK_LOG_POINTS(NNK_LOG_OFFSET)};
#else
static const nnk_log_point nnk_log_points[] = {NNK_LOG_POINTS(NNK_LOG_POINT)};
#endif

#endif
