import Diagnostics
import Foundation
import Testing

struct ProcessEnvironmentTests {
    @Test("variables are read as they are now, with equals signs and newlines in them")
    func variables() async {
        await #expect(processExitsWith: .success) {
            setenv("BIM_TEST_EMPTY", "", 1)
            setenv("BIM_TEST_PAIR", "a=b\nc", 1)
            unsetenv("BIM_TEST_NONE")
            let variables = ProcessEnvironment.current
            #expect(variables["BIM_TEST_EMPTY"] == "")
            #expect(variables["BIM_TEST_PAIR"] == "a=b\nc")
            #expect(variables["BIM_TEST_NONE"] == nil)
        }
    }

    @Test("the program's path names the running file")
    func program() throws {
        let path = try #require(ProcessEnvironment.programPath)
        #expect(FileManager.default.isExecutableFile(atPath: path))
        #expect(path.hasPrefix("/"))
    }
}
