import CXML

/// Reads what `pdftotext -bbox-layout` prints: an XHTML page with the boxes of pages, lines and words in points.
///
/// Only one page is held in memory at a time. Entities are not expanded and nothing is loaded.
struct PageStream {
    /// The title the document declares, once its head is read.
    private(set) var title: String?
    private var page: PageWords?
    private var wordBox: PageBox?
    private var isTitle = false

    /// Reads to the end of the program's output.
    /// - Parameter onPage: gets each page, in order.
    mutating func read(_ program: ChildProgram, onPage: (PageWords) throws(ExtractionError) -> Void) throws(ExtractionError) {
        let source = Source(program)
        let options =
            XML_PARSE_RECOVER.rawValue | XML_PARSE_NONET.rawValue | XML_PARSE_NOERROR.rawValue | XML_PARSE_NOWARNING.rawValue
            | XML_PARSE_HUGE.rawValue
        let reader = xmlReaderForIO(
            { context, buffer, count in Source.read(context, buffer, count) }, nil, Unmanaged.passUnretained(source).toOpaque(), nil,
            "UTF-8", Int32(bitPattern: options))
        guard let reader else { throw ProgramLimits.cannotStart(0) }
        defer { xmlFreeTextReader(reader) }
        var pages = 0
        try withExtendedLifetime(source) { () throws(ExtractionError) in
            while xmlTextReaderRead(reader) == 1 {
                if let finished = next(reader, &pages) { try onPage(finished) }
            }
        }
        if let page { try onPage(page) }
    }

    /// Takes in one node.
    /// - Returns: the page that has ended with it.
    private mutating func next(_ reader: xmlTextReaderPtr, _ pages: inout Int) -> PageWords? {
        switch xmlTextReaderNodeType(reader) {
        case Int32(XML_READER_TYPE_ELEMENT.rawValue): return begin(reader, &pages)
        case Int32(XML_READER_TYPE_TEXT.rawValue): take(reader)
        case Int32(XML_READER_TYPE_END_ELEMENT.rawValue): return end(reader)
        default: break
        }
        return nil
    }

    private mutating func begin(_ reader: xmlTextReaderPtr, _ pages: inout Int) -> PageWords? {
        switch Self.name(reader) {
        case .word: wordBox = Self.box(reader)
        case .line: page?.beginLine()
        case .title: isTitle = true
        case .page:
            pages += 1
            let finished = page
            let size = Self.size(reader)
            page = PageWords(number: pages, width: size.width, height: size.height)
            return finished
        case .other: break
        }
        return nil
    }

    private mutating func take(_ reader: xmlTextReaderPtr) {
        guard let value = xmlTextReaderConstValue(reader) else { return }
        if let box = wordBox, page != nil {
            if let text = WordText.kept(String(cString: value)) { page?.append(PageWord(text: text, box: box)) }
            wordBox = nil
        } else if isTitle {
            title = (title ?? "") + String(cString: value)
        }
    }

    private mutating func end(_ reader: xmlTextReaderPtr) -> PageWords? {
        switch Self.name(reader) {
        case .word: wordBox = nil
        case .title: isTitle = false
        case .page:
            defer { page = nil }
            return page
        case .line, .other: break
        }
        return nil
    }
}

// MARK: - Elements

extension PageStream {
    private enum Element {
        case page, line, word, title, other
    }

    private static func name(_ reader: xmlTextReaderPtr) -> Element {
        guard let name = xmlTextReaderConstLocalName(reader) else { return .other }
        if strcmp(name, "word") { return .word }
        if strcmp(name, "line") { return .line }
        if strcmp(name, "page") { return .page }
        return strcmp(name, "title") ? .title : .other
    }

    private static func strcmp(_ name: UnsafePointer<xmlChar>, _ other: StaticString) -> Bool {
        xmlStrEqual(name, other.utf8Start) == 1
    }

    /// Nil unless all four edges are numbers.
    private static func box(_ reader: xmlTextReaderPtr) -> PageBox? {
        var box = PageBox(left: .nan, top: .nan, right: .nan, bottom: .nan)
        attributes(reader) { name, value in
            switch (name[0], name[1]) {
            case (0x78, 0x4D): if name[2] == 0x69 { box.left = value } else { box.right = value }
            case (0x79, 0x4D): if name[2] == 0x69 { box.top = value } else { box.bottom = value }
            default: break
            }
        }
        return box.left <= box.right && box.top <= box.bottom ? box : nil
    }

    private static func size(_ reader: xmlTextReaderPtr) -> (width: Double, height: Double) {
        var size = (width: 0.0, height: 0.0)
        attributes(reader) { name, value in
            if strcmp(name, "width") { size.width = value }
            if strcmp(name, "height") { size.height = value }
        }
        return size
    }

    /// Calls `body` with the name and value of each attribute that is a number.
    private static func attributes(_ reader: xmlTextReaderPtr, _ body: (UnsafePointer<xmlChar>, Double) -> Void) {
        while xmlTextReaderMoveToNextAttribute(reader) == 1 {
            guard let name = xmlTextReaderConstLocalName(reader), let value = xmlTextReaderConstValue(reader) else { continue }
            if let number = points(value) { body(name, number) }
        }
        xmlTextReaderMoveToElement(reader)
    }

    /// Reads "-12.5". A page reaches no further than a million points, so what is beyond is no place on it.
    private static func points(_ text: UnsafePointer<xmlChar>) -> Double? {
        var index = text[0] == 0x2D ? 1 : 0
        var (number, scale) = (0.0, 0.0)
        while text[index] != 0 {
            let byte = text[index]
            if byte == 0x2E, scale == 0 {
                scale = 1
            } else if (0x30...0x39).contains(byte) {
                number = number * 10 + Double(byte - 0x30)
                scale *= 10
            } else {
                return nil
            }
            index += 1
        }
        let value = scale > 1 ? number / scale : number
        return value < 1e6 ? (text[0] == 0x2D ? -value : value) : nil
    }

    /// The program's output as libxml2 asks for it.
    private final class Source {
        private let program: ChildProgram
        private var filter = XMLByteFilter()
        private var ready: ArraySlice<UInt8> = []
        private var block = [UInt8](repeating: 0, count: 65_536)

        init(_ program: ChildProgram) {
            self.program = program
        }

        static func read(_ context: UnsafeMutableRawPointer?, _ buffer: UnsafeMutablePointer<CChar>?, _ count: Int32) -> Int32 {
            guard let context, let buffer else { return -1 }
            let source = Unmanaged<Source>.fromOpaque(context).takeUnretainedValue()
            return Int32(source.read(into: UnsafeMutableRawBufferPointer(start: buffer, count: Int(count))))
        }

        private func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
            while ready.isEmpty {
                let count = block.withUnsafeMutableBytes { program.read(into: $0) }
                if count == 0 { return 0 }
                ready = filter.filtered(UnsafeRawBufferPointer(rebasing: block.withUnsafeBytes { $0[..<count] }))[...]
            }
            let part = ready.prefix(buffer.count)
            buffer.copyBytes(from: part)
            ready = ready.dropFirst(part.count)
            return part.count
        }
    }
}
