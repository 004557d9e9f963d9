import NNData
import SwiftNN

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// One HTML page. It needs no other file, and a browser may load none for it, and run no script.
struct Page {
    let title: String
    let header: HTML
    let sections: [HTML?]

    var html: HTML {
        """
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta http-equiv="Content-Security-Policy" content="\(Self.policy)">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <title>\(title)</title>
        <style>\(ReportStyle.css)</style>
        </head>
        <body>
        <header>
        \(header)
        </header>
        <main>
        \(sections.compactMap { $0 })
        </main>
        <footer><p>Written by \(Version.text).</p></footer>
        </body>
        </html>

        """
    }
}

extension Page {
    /// What the page may have: pictures within it, and its one style sheet, which the policy names by its SHA-256
    /// (https://www.w3.org/TR/CSP3). Should the escaping of a name fail, no browser obeys what is in it.
    private static var policy: HTML {
        let digest = Data(sha256Digest(Array(ReportStyle.css.text.utf8))).base64EncodedString()
        return """
            default-src 'none'; img-src data:; style-src 'sha256-\(digest)'; base-uri 'none'; form-action 'none'
            """
    }
}

// MARK: Parts of several pages

extension Page {
    /// What a model is, under its path.
    static func header(_ network: Network, path: String) -> HTML {
        """
        <h1>\(path)</h1>
        <p>This model distinguishes <b class="class-1">\(network.className(1))</b> from \
        <b class="class-0">\(network.className(0))</b>. It is a <span class="whole">\(network.topology.text)</span> network \
        in \(network.elementType.name), \
        \(network.origin.map { "trained on \(grouped($0.examples)) images" } ?? "with imported weights").</p>
        """
    }

    /// How long each phase took, with bars.
    static func times(_ phases: [(name: String, seconds: Double)], total: Double) -> HTML {
        """
        <table class="phases">
        <tbody>
        \(phases.map { time($0.name, $0.seconds, total: total) })
        </tbody>
        </table>
        """
    }

    private static func time(_ name: String, _ seconds: Double, total: Double) -> HTML {
        let share = total > 0 ? max(0.5, min(100, 100 * seconds / total)) : 0
        return """
            <tr><th scope="row">\(name)</th><td>\(rounded(seconds, places: 3)) s</td>\
            <td><svg viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true"><rect width="\(share)" height="1"/>\
            </svg></td></tr>
            """
    }

    /// The command that gives the same result.
    static func repetition(_ title: String, _ command: String, note: String) -> HTML {
        """
        <section>
        <h2>\(title)</h2>
        <pre><code>\(command)</code></pre>
        <p class="note">\(note)</p>
        </section>
        """
    }
}
