/// The elements of HTML that the reader knows; all others are ``other`` and flow with the text around them.
enum HTMLTag: String, CaseIterable {
    case a, address, article, aside, audio, blockquote, body, br, button, canvas, caption, center, col, colgroup, datalist, dd, details
    case dialog, dir, div, dl, dt, embed, fieldset, figcaption, figure, footer, form, frameset, h1, h2, h3, h4, h5, h6, head, header
    case hgroup, hr, html, iframe, img, input, legend, li, listing, main, map, math, menu, meter, nav, noframes, noscript, object, ol
    case optgroup, option, p, plaintext, pre, progress, rp, rt, rtc, script, search, section, select, style, sub, summary, sup, svg
    case table, tbody, td, template, textarea, tfoot, th, thead, title, tr, ul, video, xmp
    case annotation
    case annotationXML = "annotation-xml"
    /// Any other element.
    case other = ""
    /// Characters between tags.
    case text = "#text"

    private static let byName = Dictionary(uniqueKeysWithValues: allCases.map { ($0.rawValue, $0) })

    /// - Parameter name: in small letters.
    init(name: String) {
        self = Self.byName[name] ?? .other
    }

    /// Elements whose content is nothing to read. What is inside is not even kept.
    var isNeverRead: Bool {
        switch self {
        case .script, .style, .template, .noscript, .svg, .iframe, .object, .embed, .canvas, .audio, .video, .noframes: true
        case .select, .datalist, .textarea, .input, .meter, .progress, .rt, .rp, .rtc, .annotation, .annotationXML, .map: true
        default: false
        }
    }

    /// The level of a heading.
    var headingLevel: Int? {
        switch self {
        case .h1: 1
        case .h2: 2
        case .h3: 3
        case .h4: 4
        case .h5: 5
        case .h6: 6
        default: nil
        }
    }

    /// Whether its text stands apart from the text before and after it.
    var isBlock: Bool {
        switch self {
        case .address, .article, .aside, .blockquote, .body, .caption, .center, .dd, .details, .dialog, .dir, .div, .dl, .dt: true
        case .fieldset, .figcaption, .figure, .footer, .form, .h1, .h2, .h3, .h4, .h5, .h6, .header, .hgroup, .hr, .html: true
        case .legend, .li, .listing, .main, .menu, .nav, .ol, .option, .p, .plaintext, .pre, .search, .section, .summary: true
        case .table, .tbody, .td, .tfoot, .th, .thead, .tr, .ul, .xmp: true
        default: false
        }
    }

    /// Whether line breaks and spaces inside mean something.
    var isPreformatted: Bool {
        self == .pre || self == .listing || self == .xmp || self == .plaintext
    }

    var isList: Bool {
        self == .ul || self == .ol || self == .menu || self == .dir
    }
}
