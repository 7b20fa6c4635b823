/// Cuts a tree into layers so that a small change of the tree changes few and small layers.
///
/// The plan is a pure function of the tree: cuts follow directories and are chosen by the hash of a path and the size
/// class of what lies there, never by content. An edit moves no cut unless it takes something across a power of two.
package enum Layering {
    /// Names the rules below; a change of any of them needs a new name, since every layer would change.
    package static let scheme = "tree-cdc-1"

    private static let leastTarget: UInt64 = 256 << 10
    private static let wantedLayers: UInt64 = 48

    /// Opens a folder: what is directly in it, in git's order, without folders that hold no file.
    package typealias Opening = (LayerUnit) throws -> [LayerUnit]

    /// Returns the layers, the lowest first; every file of the tree is in exactly one.
    ///
    /// Only folders that are too heavy for one layer are opened. `maximumLayers` below 1 counts as 1. An empty tree has
    /// no layers.
    package static func plan(_ root: LayerUnit, maximumLayers: Int = 64, open: Opening) throws -> [LayerOutline] {
        guard root.weight.files > 0 else { return [] }
        var target = max(leastTarget, sizeClass((root.weight.total + wantedLayers - 1) / wantedLayers))
        while true {
            let groups = join(try cut(root, target: target, open), target: target)
            if groups.count <= max(1, maximumLayers) { return order(groups) }
            target *= 2
        }
    }

    /// Walks the tree: a directory too heavy for one layer is opened, everything else stays whole.
    ///
    /// The groups of an opened directory depend on its path, its content and the target alone, so an opened directory
    /// also ends the group of its elder siblings.
    private static func cut(
        _ directory: LayerUnit, target: UInt64, _ open: Opening
    ) throws -> [LayerOutline] {
        guard sizeClass(directory.weight.total) > target else { return [LayerOutline(directory)] }
        var groups: [LayerOutline] = []
        var group = LayerOutline()
        for unit in try open(directory) {
            if unit.isFolder, sizeClass(unit.weight.total) > target {
                group.move(to: &groups)
                groups += try cut(unit, target: target, open)
                continue
            }
            group.append(unit)
            if group.weight >= target / 4, isCut(unit.path[...], weight: unit.weight.total, target: target) {
                group.move(to: &groups)
            }
        }
        group.move(to: &groups)
        return groups
    }

    /// Joins neighbours until they are worth a layer.
    private static func join(_ groups: [LayerOutline], target: UInt64) -> [LayerOutline] {
        var joined: [LayerOutline] = []
        var open = LayerOutline()
        for group in groups {
            open.append(group)
            if open.weight >= target / 2 || isCut(group.firstDirectory, weight: group.weight, target: target) {
                open.move(to: &joined)
            }
        }
        open.move(to: &joined)
        return joined
    }

    /// Puts large files below, since they change least: what lies above a change is unpacked again.
    ///
    /// The mean size is rounded to a power of two, so that an edit does not reorder the layers.
    private static func order(_ groups: [LayerOutline]) -> [LayerOutline] {
        groups
            .map { (outline: $0, mean: $0.meanSizeClass, first: $0.firstPath) }
            .sorted { $0.mean != $1.mean ? $0.mean > $1.mean : $0.first.lexicographicallyPrecedes($1.first) }
            .map(\.outline)
    }

    /// Tells whether `hash64(path) / 2⁶⁴ < sizeClass(weight) / target`.
    ///
    /// `hash64` is the first eight bytes of the SHA-256 of the path, the most significant first. Both sizes are powers
    /// of two, so the comparison is one of leading zero bits.
    private static func isCut(_ path: ArraySlice<UInt8>, weight: UInt64, target: UInt64) -> Bool {
        let bits = target.trailingZeroBitCount - sizeClass(weight).trailingZeroBitCount
        guard bits > 0, let hash64 = UInt64(Digest.sha256(of: path).hex.prefix(16), radix: 16) else { return true }
        return hash64.leadingZeroBitCount >= bits
    }

    /// Rounds up to a power of two.
    static func sizeClass(_ value: UInt64) -> UInt64 {
        value <= 1 ? 1 : 1 << (UInt64.bitWidth - (value - 1).leadingZeroBitCount)
    }
}
