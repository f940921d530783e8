/// How a program ended.
enum ProgramEnding: Equatable {
    case code(Int32)
    case signal(Int32)

    init(status: Int32) {
        let signal = status & 0x7F
        self = signal == 0 ? .code((status >> 8) & 0xFF) : .signal(signal)
    }
}
