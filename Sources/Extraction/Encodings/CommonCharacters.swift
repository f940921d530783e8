/// Characters that ordinary text is full of, for telling encodings apart. Bytes of one East Asian encoding read as another give any of
/// thousands of characters, so that few of them are among these.
enum CommonCharacters {
    static let hangul = set(
        """
        이다는의을에가를은고하지한로기사도니어서아자나있시그리인일수대정스부들해전보과제면과공와생게만장원주국여라했동적음안상오용문우학성방통계경조중신구치선거물것관때까세요습없된할되점소비개분합무바말무실연직내모입회등
        유화명트르마러레야저든간데던려년월행진위차산발더으역당현재금업력강민외체
        """)

    static let han = set(
        """
        的一是不了在人有我他这個个们中来上大为為和国國地到以说說时時要就出会會可也你对對生能而子那得于於着下自之年过過发發后後作里用道行所然家种種事成方多经經么麼去法学學如都同现現当當没沒动動面起看定天分还還进進好小部其些主样樣理心
        她本前开開但因只从從想实實日军軍者意无無力它与與长長把机機十民第公此已工使情明性知全三又关關点點正业業外将將两兩高间間由问問很最重并物手应應战戰向头頭文体體政美相见見被利什二等产產或新己制身果加西斯月话話合回特代内內信表化老
        给給世位次度门門任常先海通教儿兒原东東声聲提立及比员員解水名真论論处處走义義各入几幾口认認条條平系气氣题題活尔爾更别別打女变變四神总總何电電数數安少报報才结結反受目太量再感建务務做接必场場件计計管期市直德资資命山金指克许許
        统統区區保至队隊形社便空决決治展马馬科司五基眼书書非则則听聽白却界达達光放强強即像难難且权權思王象完设設式色路记記南品住告类類求据程北边邊死张張该該交规規万萬取拉格望觉覺术術领領共确確传傳师師观觀清今切院让讓识識候带帶
        导導争爭运運京語話読言書本語日時会社国者間場合今後前部分方法年月大小中高新長手見行出来思気持入食飲円万千百名前様私達問題使用必要確認開始終了情報内容説明申込
        """)

    static let latin = set("äöüßÄÖÜéèêëàâáãåçñíìîïóòôõúùûøæœÉÈÀÂÁÅÇÑÍÓÚØÆąęłśżźćńĄĘŁŚŻŹĆŃšžřěčůťďýŠŽŘČÝőűŐŰğışİŞĞăâșțţāēīūģķļņėįųđ")

    static let greekAndCyrillic = set("оеаинтсрвлкмдпуяыьгзбчхюшжіїєαοιετσνηυρπκμλςάόίέήύώθγδβφχ")

    static let hebrewFinals = set("ךםןףץ")

    /// What may stand between two letters.
    static let wordPunctuation = set("·’‘‐‑–—…“”«»\u{A0}\u{AD}°ºª※→")

    static let symbols = set("\u{A0}§©®«»°±²³µ¶·¹º¼½¾¿¡×÷£¥€–—‘’“”„‚•…†‡‰™›‹→←↑↓※℃№■□●○◎◇◆△▲▽▼★☆①②③④⑤⑥⑦⑧⑨⑩ⅠⅡⅢⅣ−∼≤≥≠∞√≒∴ªº")

    private static func set(_ characters: String) -> Set<Unicode.Scalar> {
        Set(characters.unicodeScalars.filter { !$0.properties.isWhitespace || $0.value == 0xA0 })
    }
}
