/// What decides whether a network fits a board.
struct Board {
    enum FPU: String {
        case none, single, double
    }

    let name: String
    /// The largest contiguous block of RAM, where the arena goes.
    let ramBytes: Int
    let flashBytes: Int
    /// What the board computes in hardware. Software computes the rest, with the same bits.
    let fpu: FPU

    /// Figures from the data sheets. For the ESP32 it is SRAM 1, of which its system takes a part. Where flash is
    /// a chip of its own, it is the one on the named board or module.
    static let all = [
        Board("Arduino Zero (SAMD21G18)", ram: 32, flash: 256, .none),
        Board("micro:bit v2 (nRF52833)", ram: 128, flash: 512, .single),
        Board("STM32F411CE", ram: 128, flash: 512, .single),
        Board("STM32F405RG", ram: 128, flash: 1024, .single),
        Board("nRF52840", ram: 256, flash: 1024, .single),
        Board("Raspberry Pi Pico (RP2040)", ram: 264, flash: 2048, .none),
        Board("ESP32-C3-MINI-1-N4", ram: 384, flash: 4096, .none),
        Board("ESP32-S3-WROOM-1-N8", ram: 416, flash: 8192, .single),
        Board("STM32F767ZI", ram: 512, flash: 2048, .double),
        Board("STM32H743ZI", ram: 512, flash: 2048, .double),
        Board("Teensy 4.1 (i.MX RT1062)", ram: 512, flash: 7936, .double),
        Board("Raspberry Pi Pico 2 (RP2350)", ram: 520, flash: 4096, .single),
    ]

    /// Both sizes in KiB.
    private init(_ name: String, ram: Int, flash: Int, _ fpu: FPU) {
        self.name = name
        ramBytes = ram << 10
        flashBytes = flash << 10
        self.fpu = fpu
    }
}
