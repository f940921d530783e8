import CXML

/// An element as the stream meets it: what it is called and how deep it stands.
struct XMLElement {
    let namespace: XMLNamespace
    /// The name without prefix.
    let name: String
    /// The elements around it, itself included.
    let depth: Int

    func `is`(_ namespace: XMLNamespace, _ name: String) -> Bool {
        self.namespace == namespace && self.name == name
    }
}

/// The elements of one part in the order of its text, without a tree in memory.
///
/// A reader asks for the children of an element one after the other and reads what it wants of each; whatever it leaves unread is
/// passed over by the next question. No element nests deeper than 256 (libxml2 ends there), which bounds every recursion over it.
final class XMLStream {
    /// What reading the document may take.
    let budget: ReadingBudget
    private let reader: xmlTextReaderPtr
    private let source: PartSource
    private let part: String
    private let format: String
    private var depth = 0
    private var isAtEmptyElement = false
    private var namespaces: [UnsafePointer<xmlChar>: XMLNamespace] = [:]

    /// - Parameters:
    ///   - part: its name, for errors.
    ///   - format: what errors call the file.
    init(_ source: PartSource, part: String, format: String) throws(ExtractionError) {
        let read: xmlInputReadCallback = { context, buffer, length in
            guard let context, let buffer, length > 0 else { return -1 }
            let source = Unmanaged<PartSource>.fromOpaque(context).takeUnretainedValue()
            return CInt(source.read(into: UnsafeMutableRawBufferPointer(start: buffer, count: Int(length))))
        }
        guard let reader = bunko_xml_open(read, Unmanaged.passUnretained(source).toOpaque()) else {
            throw source.failure ?? .overLimit(resource: "the memory of this server")
        }
        budget = source.budget
        self.reader = reader
        self.source = source
        self.part = part
        self.format = format
    }

    deinit {
        xmlFreeTextReader(reader)
    }

    /// The outermost element; nil for a part without any.
    func root() throws(ExtractionError) -> XMLElement? {
        while case let event = try advance(), event != .finished {
            if event == .start { return element() }
        }
        return nil
    }

    /// The next element directly inside `parent`; nil once `parent` has ended.
    func nextChild(of parent: XMLElement) throws(ExtractionError) -> XMLElement? {
        while depth >= parent.depth {
            let event = try advance()
            if event == .finished { return nil }
            if event == .start, depth == parent.depth + 1 { return element() }
        }
        return nil
    }

    /// All text inside `element`, to its end.
    func text(of element: XMLElement) throws(ExtractionError) -> String {
        var text = ""
        while depth >= element.depth {
            let event = try advance()
            if event == .finished { break }
            if event == .text, let value = xmlTextReaderConstValue(reader) { text += String(cString: value) }
        }
        return text
    }

    /// An attribute of the element met last, before anything is read of its content.
    /// - Parameter namespace: nil for the many whose name has no prefix, or the element's own.
    func attribute(_ name: String, in namespace: XMLNamespace? = nil) -> String? {
        guard xmlTextReaderMoveToFirstAttribute(reader) == 1 else { return nil }
        defer { xmlTextReaderMoveToElement(reader) }
        repeat {
            guard let local = xmlTextReaderConstLocalName(reader), name.utf8.elementsEqual(String(cString: local).utf8),
                (namespace == .relationship) == (currentNamespace() == .relationship)
            else { continue }
            return xmlTextReaderConstValue(reader).map { String(cString: $0) }
        } while xmlTextReaderMoveToNextAttribute(reader) == 1
        return nil
    }

    private enum Event {
        case start, end, text, finished
    }

    private func advance() throws(ExtractionError) -> Event {
        if isAtEmptyElement {
            isAtEmptyElement = false
            depth -= 1
            return .end
        }
        while true {
            let result = xmlTextReaderRead(reader)
            guard result == 1 else {
                if let failure = source.failure { throw failure }
                guard result == 0 else { throw damaged("is not well-formed XML") }
                depth = 0
                return .finished
            }
            if let event = try event(ofType: xmlTextReaderNodeType(reader)) { return event }
        }
    }

    private func event(ofType type: CInt) throws(ExtractionError) -> Event? {
        switch xmlReaderTypes(UInt32(type)) {
        case XML_READER_TYPE_ELEMENT:
            depth += 1
            isAtEmptyElement = xmlTextReaderIsEmptyElement(reader) == 1
            return .start
        case XML_READER_TYPE_END_ELEMENT:
            depth -= 1
            return .end
        case XML_READER_TYPE_TEXT, XML_READER_TYPE_CDATA, XML_READER_TYPE_WHITESPACE, XML_READER_TYPE_SIGNIFICANT_WHITESPACE:
            return .text
        // Office documents have none; it is where entities that grow and files of this machine would be declared.
        case XML_READER_TYPE_DOCUMENT_TYPE:
            throw damaged("declares a document type, which no Office document does")
        default:
            return nil
        }
    }

    private func element() -> XMLElement {
        let name = xmlTextReaderConstLocalName(reader).map { String(cString: $0) } ?? ""
        return XMLElement(namespace: currentNamespace(), name: name, depth: depth)
    }

    /// libxml2 keeps one copy of each name, so that its address stands for it.
    private func currentNamespace() -> XMLNamespace {
        guard let uri = xmlTextReaderConstNamespaceUri(reader) else { return .none }
        if let known = namespaces[uri] { return known }
        let namespace = XMLNamespace(uri: String(cString: uri))
        namespaces[uri] = namespace
        return namespace
    }

    private func damaged(_ reason: String) -> ExtractionError {
        .damaged(format: format, reason: "its part \(part) \(reason)")
    }
}
