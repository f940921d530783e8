/// The title in a document's properties, when a person wrote it.
enum DeclaredTitle {
    /// `dc:title`; nil when it is blank or what a program puts there by itself.
    static func title(of package: OfficePackage) throws(ExtractionError) -> String? {
        let part = try Relationships(of: "", in: package).first(ofType: "core-properties") ?? "docProps/core.xml"
        guard let stream = try package.stream(part), let root = try stream.root() else { return nil }
        while let child = try stream.nextChild(of: root) {
            guard child.is(.dublinCore, "title") else { continue }
            let words = try stream.text(of: child).split(whereSeparator: \.isWhitespace).joined(separator: " ")
            return isMeaningful(words) ? words : nil
        }
        return nil
    }

    /// Titles of programs: "Document1", "Microsoft Word - draft.doc", "PowerPoint Presentation", "無題", "제목 없음".
    static func isMeaningful(_ title: String) -> Bool {
        let words = title.lowercased()
        guard words.contains(where: { $0.isLetter || $0.isNumber }), !words.hasPrefix("microsoft ") else { return false }
        var stem = Substring(words)
        while stem.last?.isNumber == true || stem.last == " " { stem.removeLast() }
        return !defaults.contains(String(stem))
    }

    /// Without the number that follows some of them.
    private static let defaults: Set<String> = [
        "", "document", "doc", "untitled", "untitled document", "untitled spreadsheet", "untitled presentation", "word document",
        "presentation", "powerpoint presentation", "slide", "title", "book", "workbook", "sheet", "spreadsheet",
        "文書", "無題", "タイトルなし", "プレゼンテーション", "powerpoint プレゼンテーション", "スライド",
        "문서", "제목 없음", "프레젠테이션", "powerpoint 프레젠테이션", "슬라이드", "통합 문서",
        "文档", "演示文稿", "powerpoint 演示文稿", "幻灯片", "工作簿", "無標題",
    ]
}
