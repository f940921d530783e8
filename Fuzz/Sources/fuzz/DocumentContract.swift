import TextAnalysis

@testable import Extraction

/// What every reader promises of a document.
struct DocumentContract {
    private let document: ExtractedDocument
    private let text: String
    private let scalars: [Unicode.Scalar]

    init(_ document: ExtractedDocument) {
        self.document = document
        text = document.text
        scalars = Array(text.unicodeScalars)
    }

    /// Blocks ascend without overlap, are trimmed, and hold every visible scalar.
    func checkBlocks() {
        var end = 0
        for block in document.blocks {
            require(block.range.lowerBound >= end && !block.range.isEmpty && block.range.upperBound <= scalars.count, "blocks ascend")
            require(isBlank(end..<block.range.lowerBound), "no visible scalar lies between blocks")
            let (first, last) = (scalars[block.range.lowerBound], scalars[block.range.upperBound - 1])
            require(!first.properties.isWhitespace && !last.properties.isWhitespace, "blocks are trimmed")
            check(block.kind, words: block.headingText)
            require(block.page == nil, "a text has no pages")
            end = block.range.upperBound
        }
        require(isBlank(end..<scalars.count), "no visible scalar lies after the blocks")
        require(document.title?.allSatisfy(\.isWhitespace) != true, "a title is never blank")
        require(!text.utf8.contains(0) && !text.utf8.contains(0x0D), "line ends are \\n, and U+0000 is refused")
        require(TextNormalizer.nfc(text).unicodeScalars.elementsEqual(scalars), "the text is in Form C")
    }

    /// The text is the source, decoded.
    func checkText(isDecoded bytes: [UInt8]) {
        do {
            require(try SourceDecoder.decode(bytes).unicodeScalars.elementsEqual(scalars), "the text is the source")
        } catch {
            fatalError("Broken promise: a source that was read can be decoded, but: \(error)")
        }
    }

    private func check(_ kind: Block.Kind, words: String?) {
        if case .heading(let level) = kind {
            require((1...6).contains(level) && words != nil, "a heading has a level and words")
        } else {
            require(words == nil, "only headings have words")
        }
    }

    private func isBlank(_ range: Range<Int>) -> Bool {
        scalars[range].allSatisfy(\.properties.isWhitespace)
    }
}

/// What the chunker promises of the passages of a document.
struct ChunkContract {
    let chunks: [Chunk]
    let input: ChunkingInput

    func check() {
        let scalars = Array(input.document.text.unicodeScalars)
        for (index, chunk) in chunks.enumerated() {
            require(chunk.ordinal == index, "passages are numbered without gaps")
            check(chunk, of: scalars)
        }
        checkOrder()
        checkCoverage(of: scalars)
        checkHeads(of: scalars)
        checkTopHeadings()
    }

    private func check(_ chunk: Chunk, of scalars: [Unicode.Scalar]) {
        require(0 <= chunk.charStart && chunk.charStart < chunk.charEnd && chunk.charEnd <= scalars.count, "a span lies in the text")
        let slice = scalars[chunk.charStart..<chunk.charEnd]
        require(chunk.content.unicodeScalars.suffix(slice.count).elementsEqual(slice), "the content is an exact slice")
        require(
            slice.first?.properties.isWhitespace == false && slice.last?.properties.isWhitespace == false, "the content is trimmed")
        require(chunk.tokenCount == input.counter.count(chunk.content), "the tokens are those of the content")
        require(chunk.tokenCount <= input.configuration.maximumTokens, "\(chunk.tokenCount) tokens exceed the maximum")
        require(!chunk.headingPath.contains(""), "a heading path has no empty headings")
        require(!chunk.context.unicodeScalars.contains("\n"), "the context is one line")
        require(chunk.pageFrom == nil && chunk.pageTo == nil, "a text has no pages")
    }

    /// Both ends ascend, and passages overlap within one section only.
    private func checkOrder() {
        var headings = input.document.blocks.filter { $0.headingText != nil }.map(\.range.lowerBound)[...]
        for (previous, next) in zip(chunks, chunks.dropFirst()) {
            require(previous.charStart < next.charStart && previous.charEnd < next.charEnd, "passages ascend")
            headings = headings.drop { $0 < next.charStart }
            require(headings.first.map { $0 < previous.charEnd } != true, "passages overlap inside one section only")
        }
    }

    /// Every visible scalar is in a passage, but for front matter, which is in none.
    private func checkCoverage(of scalars: [Unicode.Scalar]) {
        var isCovered = [Bool](repeating: false, count: scalars.count)
        for chunk in chunks {
            for position in chunk.charStart..<chunk.charEnd { isCovered[position] = true }
        }
        for block in input.document.blocks where block.kind == .frontMatter {
            require(!isCovered[block.range].contains(true), "front matter is in no passage")
            for position in block.range { isCovered[position] = true }
        }
        require(
            zip(isCovered, scalars).allSatisfy { $0 || $1.properties.isWhitespace }, "every visible scalar is in a passage")
    }

    /// A passage that begins in the rows of a table shows its head, unless that is too large; no other shows anything in front.
    private func checkHeads(of scalars: [Unicode.Scalar]) {
        var tables = input.document.blocks.indices.filter { input.document.blocks[$0].kind == .table }[...]
        for chunk in chunks {
            tables = tables.drop { input.document.blocks[$0].range.upperBound <= chunk.charStart }
            let table = tables.first { input.document.blocks[$0].range.contains(chunk.charStart) }
            let linesBefore = table.map { scalars[input.document.blocks[$0].range.lowerBound..<chunk.charStart].count { $0 == "\n" } } ?? 0
            let expected = linesBefore < 2 ? nil : table.flatMap { TableHead(of: $0, input) }?.text
            let head = String(String.UnicodeScalarView(chunk.content.unicodeScalars.dropLast(chunk.charEnd - chunk.charStart)))
            if head == expected ?? "" { continue }
            let isTooLarge = input.counter.count((expected ?? "") + chunk.content) > input.configuration.maximumTokens
            require(head.isEmpty && isTooLarge, "a passage inside a table has its head in front and nothing else")
        }
    }

    /// No passage holds text of two top headings.
    private func checkTopHeadings() {
        let sections = Array(DocumentSections(of: input.document.blocks))
        let tops = zip(sections, sections.dropFirst()).filter { !$0.sharesTop(with: $1) }.map {
            input.document.blocks[$1.blocks.lowerBound].range.lowerBound
        }
        for chunk in chunks {
            require(!tops.contains { $0 > chunk.charStart && $0 < chunk.charEnd }, "a passage stands under one top heading")
        }
    }
}
