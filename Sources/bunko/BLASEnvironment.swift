import CVectorKernels
import Glibc
import VectorIndex

/// Sets what OpenBLAS reads when it is loaded, which is before `main`: so the process starts itself anew once.
enum BLASEnvironment {
    static func prepare() {
        _ = BLASRuntime.useOneThread()
        // OpenBLAS before 0.3.22 does not know newer processors and falls back to slower kernels than AVX-512 allows.
        guard bunko_cpu_has_avx512(), getenv("OPENBLAS_CORETYPE") == nil, getenv("BUNKO_RESTARTED") == nil else { return }
        setenv("OPENBLAS_CORETYPE", "SkylakeX", 1)
        setenv("OPENBLAS_NUM_THREADS", "1", 1)
        // Guards against starting over and over should the loader drop the variable.
        setenv("BUNKO_RESTARTED", "1", 1)
        execv("/proc/self/exe", CommandLine.unsafeArgv)
        // Without a second start the kernels are only slower.
    }
}
