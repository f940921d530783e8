import Foundation
import Testing
import VectorIndex

struct BLASRuntimeTests {
    @Test func namesTheLoadedLibraryAndSetsOneThread() throws {
        let hasSwitch = BLASRuntime.useOneThread()
        let runtime = BLASRuntime.loaded()
        #expect(FileManager.default.fileExists(atPath: runtime.path))
        switch runtime.provider {
        case .openBLAS(let configuration, let core, let threads):
            #expect(hasSwitch)
            #expect(configuration.hasPrefix("OpenBLAS"))
            #expect(!core.isEmpty)
            #expect(threads == 1)
        case .reference:
            #expect(!hasSwitch)
            #expect(runtime.path.contains("libblas"))
        case .other:
            #expect(!hasSwitch)
        }
    }
}
