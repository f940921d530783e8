import Foundation

/// A wall clock that a test moves under a process, which runs with ``environment``. Other clocks, those of durations, go on as they were.
struct ShiftedClock {
    /// What a program asks the time by; the kernel is asked directly, and the seconds of a file added.
    private static let source = """
        #define _GNU_SOURCE
        #include <fcntl.h>
        #include <stdint.h>
        #include <stdlib.h>
        #include <sys/mman.h>
        #include <sys/syscall.h>
        #include <sys/time.h>
        #include <time.h>
        #include <unistd.h>

        static const volatile int64_t *shift;

        __attribute__((constructor)) static void map(void) {
            const char *path = getenv("BUNKO_TEST_CLOCK");
            int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
            if (file < 0) return;
            void *bytes = mmap(0, sizeof(int64_t), PROT_READ, MAP_SHARED, file, 0);
            if (bytes != MAP_FAILED) shift = bytes;
            close(file);
        }

        int clock_gettime(clockid_t clock, struct timespec *time) {
            int result = syscall(SYS_clock_gettime, clock, time);
            if (!result && shift && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) time->tv_sec += *shift;
            return result;
        }

        int gettimeofday(struct timeval *restrict time, void *restrict zone) {
            struct timespec now;
            clock_gettime(CLOCK_REALTIME, &now);
            time->tv_sec = now.tv_sec;
            time->tv_usec = now.tv_nsec / 1000;
            return 0;
        }

        time_t time(time_t *result) {
            struct timespec now;
            clock_gettime(CLOCK_REALTIME, &now);
            if (result) *result = now.tv_sec;
            return now.tv_sec;
        }
        """

    let environment: [String: String]
    private let file: URL

    init(in folder: TemporaryFolder) async throws {
        let library = folder.path("clock.so")
        let compiler = try BunkoProcess.Running(
            URL(filePath: "/usr/bin/env"), ["clang", "-shared", "-fPIC", "-O1", "-o", library, try folder.write("clock.c", Self.source)])
        guard try await compiler.exitCode(within: .seconds(60)) == 0 else { throw TimedOut(description: compiler.errors) }
        file = URL(filePath: try folder.write("clock", [UInt8](repeating: 0, count: 8)))
        environment = ["LD_PRELOAD": library, "BUNKO_TEST_CLOCK": file.path]
    }

    /// Sets the clock so many seconds from the true time.
    func set(_ seconds: Int64) throws {
        let handle = try FileHandle(forWritingTo: file)
        try handle.write(contentsOf: withUnsafeBytes(of: seconds) { Data($0) })
        try handle.close()
    }
}
