internal import Dispatch

/// A thread for tasks that keep a core busy.
///
/// The tasks of a program share as many threads as there are cores; work that seldom waits would hold up all others,
/// such as those that upload what it has made.
final class OwnThread: TaskExecutor {
    private let queue = DispatchQueue(label: "im.backend.bim.layers")

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
