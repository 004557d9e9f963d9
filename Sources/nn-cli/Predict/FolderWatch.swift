import NNData
import SwiftNN
import SystemPackage

/// Finds the photos that are new in a folder, or written anew, once they are whole.
///
/// It looks into the folder again and again: that works on every system, and on network drives too. A file that two looks find
/// unchanged is read. If it is no whole picture, it may still be written: what is wrong with it is said once it stays
/// unchanged for some seconds. If it changes after that, it is read again.
struct FolderWatch {
    private enum State {
        /// Was there at first, or has its answer.
        case settled
        /// Was found by one look.
        case new
        /// Was read, with this answer, which a whole picture would not get.
        case doubtful(Answer, since: ContinuousClock.Instant)
    }

    private struct Photo {
        let version: FileVersion
        var state: State
        /// The number of the look that found it last.
        var look: Int
    }

    private static let patience = Duration.seconds(5)

    let path: String
    private var sorted: FolderPlaces?
    /// By paths, which are bytes: to a String, two ways to write é are one.
    private var photos: [FilePath: Photo] = [:]
    /// Folders that cannot be read.
    private var failures: Set<String> = []
    private var looks = 0

    /// What is in the folder now is not new.
    ///
    /// - Throws: ``FileError`` if there is no such folder.
    init(_ path: String, sortedInto sorted: FolderPlaces?) throws(FileError) {
        (self.path, self.sorted) = (path, sorted)
        _ = try look()
        for place in photos.keys { photos[place]?.state = .settled }
    }

    /// Looks into the folder.
    ///
    /// - Returns: the photos to read now, and the answers that were doubtful for long enough.
    /// - Throws: ``FileError`` if the folder is gone.
    mutating func look() throws(FileError) -> (photos: [String], answers: [Answer]) {
        var ready: [String] = []
        var answers: [Answer] = []
        looks += 1
        var isWhole = true
        for item in try FolderWalk(path, expected: "a folder to watch") {
            switch item {
            case .systemFolder: continue
            case .failure(let error):
                if error.kind != .badData { isWhole = false }
                if failures.insert(error.file).inserted {
                    answers.append(Answer(error.file, .failure(error)))
                }
            case .file(let file):
                guard sorted?.contains(file) != true, let version = FileVersion(file) else { continue }
                let place = FilePath(text: file)
                guard photos[place]?.version == version else {
                    photos[place] = Photo(version: version, state: .new, look: looks)
                    continue
                }
                photos[place]?.look = looks
                switch photos[place]?.state {
                case .new: ready.append(file)
                case .doubtful(let answer, let since) where .now - since > Self.patience:
                    photos[place]?.state = .settled
                    answers.append(answer)
                default: continue
                }
            }
        }
        // Photos in a folder that could not be read this time may still be there.
        if isWhole {
            let last = looks
            photos = photos.filter { $0.value.look == last }
        }
        return (ready, answers)
    }

    /// Takes the answer for a photo that was ready.
    ///
    /// - Returns: whether it is the answer for the whole photo.
    mutating func settle(_ answer: Answer) -> Bool {
        // If it was changed in the meantime, the next look finds it new.
        let place = FilePath(text: answer.input)
        guard let photo = photos[place], photo.version == FileVersion(answer.input) else {
            return false
        }
        let isWhole = answer.flaws.isEmpty && (try? answer.result.get()) != nil
        photos[place]?.state = isWhole ? .settled : .doubtful(answer, since: .now)
        return isWhole
    }
}

extension PredictionRun {
    /// Answers each photo that is new in the folder, until Ctrl-C.
    ///
    /// - Throws: ``FileError`` if the folder is gone, and what ``answer(_:_:)`` throws.
    mutating func answer(newIn watch: consuming FolderWatch, _ classifier: Classifier) throws {
        var watch = watch
        while !Interrupt.isRequested {
            let start = ContinuousClock.now
            let (photos, answers) = try watch.look()
            // Looking takes a fifth of the time at most.
            let pause = max(.milliseconds(100), (ContinuousClock.now - start) * 4)
            for answer in answers { try take(found: answer) }
            if !photos.isEmpty {
                let work = OrderedWork(photos.makeIterator(), workers: NetworkOptions.processors) { photo in
                    Result { () throws(NNError) in try classifier.answer(photo) }
                }
                while let answer = try work.next()?.get() {
                    if watch.settle(answer) { try take(found: answer) }
                }
            }
            Interrupt.sleep(pause)
        }
    }
}
