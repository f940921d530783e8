/// A 64-bit hash of bytes that is the same on every machine and in every run, for things that are stored or compared across processes.
///
/// Not for untrusted keys of hash tables (no secret) and not cryptographic.
public enum StableHash {
    /// The hash of `bytes` under `seed`.
    ///
    /// Little-endian words of 8 bytes are folded in by a multiplication and an xor-shift each, the length is part of the start value and
    /// the end is the finaliser of MurmurHash3 (fmix64), so that each input bit reaches each output bit. About 1 ns for 8 bytes.
    public static func of(_ bytes: UnsafeBufferPointer<UInt8>, seed: UInt64 = 0) -> UInt64 {
        var hash = seed ^ UInt64(bytes.count) &* 0x9E37_79B9_7F4A_7C15
        var position = 0
        while position < bytes.count {
            var word: UInt64 = 0
            var shift: UInt64 = 0
            while shift < 64, position < bytes.count {
                word |= UInt64(bytes[position]) << shift
                position += 1
                shift += 8
            }
            hash = (hash ^ word) &* 0xD6E8_FEB8_6659_FD93
            hash ^= hash >> 32
        }
        return mixed(hash)
    }

    /// The finaliser alone: a bijection that scatters consecutive numbers (also the step of a counter-based generator).
    public static func mixed(_ value: UInt64) -> UInt64 {
        var hash = (value ^ value >> 33) &* 0xFF51_AFD7_ED55_8CCD
        hash = (hash ^ hash >> 33) &* 0xC4CE_B9FE_1A85_EC53
        return hash ^ hash >> 33
    }
}
