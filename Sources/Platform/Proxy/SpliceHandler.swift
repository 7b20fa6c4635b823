import NIOCore

/// One end of a splice: passes on what its channel reads, and reads only while the other end can write.
///
/// A closed direction is closed on the other end after everything before it was written; when both directions are
/// closed the channel is. Both ends live on one event loop.
///
/// A channel reports its peer's end, and the bytes before it, even when nobody reads: an end that has no other yet
/// keeps them.
final class SpliceHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let onActive: () -> Void
    private let onRead: () -> Void
    private var context: ChannelHandlerContext?
    private var partner: SpliceHandler?
    private var early: [ByteBuffer] = []
    private var wantsToRead = false
    private var inputIsClosed = false
    private var outputIsClosed = false
    private var outputHasEnded = false

    /// - Parameters:
    ///   - onActive: called when the channel may be used.
    ///   - onRead: called with each piece that arrives.
    init(onActive: @escaping () -> Void = {}, onRead: @escaping () -> Void) {
        self.onActive = onActive
        self.onRead = onRead
    }

    /// Connects two ends, and starts the flow.
    static func join(_ one: SpliceHandler, _ other: SpliceHandler) {
        one.partner = other
        other.partner = one
        one.begin()
        other.begin()
    }

    private func begin() {
        for bytes in early { partner?.write(bytes) }
        early = []
        partner?.context?.flush()
        if inputIsClosed { partner?.closeOutput() } else { read() }
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        partner = nil
    }

    func channelActive(context: ChannelHandlerContext) {
        context.fireChannelActive()
        onActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        onRead()
        if let partner { partner.write(unwrapInboundIn(data)) } else { early.append(unwrapInboundIn(data)) }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        partner?.context?.flush()
        read()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { partner?.resume() }
        context.fireChannelWritabilityChanged()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard event as? ChannelEvent == .inputClosed else { return context.fireUserInboundEventTriggered(event) }
        inputIsClosed = true
        partner?.closeOutput()
        closeWhenDone()
    }

    func channelInactive(context: ChannelHandlerContext) {
        let other = partner
        partner = nil
        other?.closeAfterFlush()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    private func read() {
        guard let context, let partner, !inputIsClosed else { return }
        if partner.canWrite {
            context.read()
        } else {
            wantsToRead = true
        }
    }

    private func resume() {
        guard wantsToRead else { return }
        wantsToRead = false
        read()
    }

    private var canWrite: Bool { context?.channel.isWritable ?? false }

    private func write(_ bytes: ByteBuffer) {
        context?.write(wrapOutboundOut(bytes), promise: nil)
    }

    private func closeOutput() {
        guard let context, !outputIsClosed else { return }
        outputIsClosed = true
        // Closing the second direction of a channel drops what is not written yet: wait until it is.
        let written = context.eventLoop.makePromise(of: Void.self)
        let end = NIOLoopBound(self, eventLoop: context.eventLoop)
        written.futureResult.whenComplete { _ in end.value.everythingIsWritten() }
        context.writeAndFlush(wrapOutboundOut(ByteBuffer()), promise: written)
    }

    private func everythingIsWritten() {
        outputHasEnded = true
        if inputIsClosed {
            closeWhenDone()
        } else {
            context?.close(mode: .output, promise: nil)
        }
    }

    private func closeWhenDone() {
        if inputIsClosed && outputHasEnded { context?.close(promise: nil) }
    }

    /// The other end is gone: nothing will be read any more, what was received is still delivered.
    private func closeAfterFlush() {
        partner = nil
        early = []
        inputIsClosed = true
        closeOutput()
        closeWhenDone()
    }
}
