import Foundation

struct Song: Codable, Hashable {
    let title: String
    let artist: String
    var seconds: Int
}

final class Playlist {
    private(set) var songs: [Song] = []

    var duration: Int {
        songs.reduce(0) { $0 + $1.seconds }
    }

    func add(_ song: Song) {
        guard !songs.contains(song) else { return }
        songs.append(song)
    }

    func shuffled(seed: UInt64) -> [Song] {
        var generator = SeededGenerator(seed: seed)
        return songs.shuffled(using: &generator)
    }

    func save(to url: URL) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        try encoder.encode(songs).write(to: url, options: .atomic)
    }
}
