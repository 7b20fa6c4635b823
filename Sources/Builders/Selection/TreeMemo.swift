internal import Artifacts
internal import GitCore

#if canImport(Glibc)
    internal import Glibc
#endif

/// Remembers what the folders of one repository weigh, by their trees and the rules that hold in them.
///
/// One file of records: key, files, bytes, path of the first file, each text after its length. What cannot be read or
/// written costs time and nothing else.
struct TreeMemo {
    /// A file that would grow beyond this begins anew.
    private static let limit = 16 << 20

    typealias Record = (key: [UInt8], weight: TreeWeight)

    private let path: String
    private let usesCache: Bool
    private var weights: [[UInt8]: TreeWeight] = [:]
    private var size = 0
    /// What was weighed since.
    private(set) var news: [Record] = []

    /// A memo that is not kept.
    init() {
        path = ""
        usesCache = false
    }

    /// Reads what is known; forgets it when `usesCache` is false.
    init(_ path: String, usesCache: Bool) {
        self.path = path
        self.usesCache = usesCache
        guard usesCache, let bytes = LayerCache.read(path) else { return }
        size = bytes.count
        bytes.withUnsafeBytes { bytes in
            var reader = Reader(bytes: bytes)
            while let key = reader.text(), let files = reader.number(), let total = reader.number(),
                let first = reader.text()
            {
                weights[key] = TreeWeight(files: files, bytes: total, firstPath: first)
            }
        }
    }

    /// A folder's place in the tree matters when rules hold, since they speak of paths.
    private func key(_ place: Selection.Place) -> [UInt8] {
        let id = Array(place.tree.hex.utf8)
        return place.rules.isEmpty ? id : id + Array(place.rules.utf8) + place.path
    }

    func weight(of place: Selection.Place) -> TreeWeight? {
        weights.isEmpty ? nil : weights[key(place)]
    }

    mutating func add(_ weight: TreeWeight, of place: Selection.Place) {
        add([(key(place), weight)])
    }

    mutating func add(_ records: [Record]) {
        for record in records where record.key.count <= UInt16.max && record.weight.firstPath.count <= UInt16.max {
            weights[record.key] = record.weight
            news.append(record)
        }
    }

    /// Writes down what was added. Builds at the same time may lose each other's.
    func save() {
        guard !news.isEmpty else { return }
        var added: [UInt8] = []
        for (key, weight) in news {
            Self.append(key, to: &added)
            for number in [weight.files, weight.bytes] {
                withUnsafeBytes(of: number.littleEndian) { added.append(contentsOf: $0) }
            }
            Self.append(weight.firstPath, to: &added)
        }
        let keeps = usesCache && size + added.count <= Self.limit
        let known = keeps ? LayerCache.read(path) ?? [] : []
        try? LayerCache.replace(path, with: known + added)
    }

    private static func append(_ text: [UInt8], to bytes: inout [UInt8]) {
        withUnsafeBytes(of: UInt16(text.count).littleEndian) { bytes.append(contentsOf: $0) }
        bytes += text
    }

    /// Takes numbers and texts off bytes, until they end.
    private struct Reader {
        var bytes: UnsafeRawBufferPointer
        private var offset = 0

        init(bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

        mutating func number() -> UInt64? {
            guard bytes.count - offset >= 8 else { return nil }
            defer { offset += 8 }
            return UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
        }

        mutating func text() -> [UInt8]? {
            guard bytes.count - offset >= 2 else { return nil }
            let count = Int(UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt16.self)))
            guard bytes.count - offset - 2 >= count else { return nil }
            defer { offset += 2 + count }
            return Array(UnsafeRawBufferPointer(rebasing: bytes[(offset + 2)..<(offset + 2 + count)]))
        }
    }
}
