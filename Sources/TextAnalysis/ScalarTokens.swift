/// What scalars beyond ASCII cost, in hundredths of a token.
///
/// Kana, Han and Hangul are looked up by how many tokens cl100k makes of the scalar alone, 1 to 3: the scalars of one token are few and
/// listed, and those of three are told by 64s, because the first two of their three bytes decide. Scalars of other scripts cost what
/// letters of their script cost in running text.
enum ScalarTokens {
    /// The cost of a scalar above U+007F.
    static func hundredths(_ value: UInt32) -> Int {
        if value < 0x10000 { return Int(costs[Int(value)]) }
        // Pictures, ideographs, and scripts of which vocabularies know the bytes only.
        return (0x1F000...0x1FAFF).contains(value) ? 300 : (0x20000...0x3FFFF).contains(value) ? 380 : 430
    }

    /// By scalar, for U+0000 to U+FFFF; 128 KiB.
    private static let costs: [UInt16] = {
        var costs = [UInt16](repeating: 310, count: 0x10000)
        for (range, cost) in scripts {
            for value in range { costs[value] = cost }
        }
        setIdeographs(0x3400..<0x4DC0, thirds: [.max, .max], in: &costs)
        setIdeographs(0x4E00..<0xA000, thirds: hanThirds, in: &costs)
        for value in 0xAC00..<0xD7A4 { costs[value] = isSet(hangulThirds, (value - 0xAC00) / 64) ? 296 : 198 }
        for (scalars, cost) in singles {
            for scalar in scalars.unicodeScalars { costs[Int(scalar.value)] = cost }
        }
        return costs
    }()

    private static func setIdeographs(_ range: Range<Int>, thirds: [UInt64], in costs: inout [UInt16]) {
        for value in range { costs[value] = isSet(thirds, (value - range.lowerBound) / 64) ? 306 : 205 }
    }

    private static func isSet(_ words: [UInt64], _ bit: Int) -> Bool {
        words[bit / 64] >> UInt64(bit % 64) & 1 == 1
    }

    /// Costs measured on running text in the script, rounded up; what is not named here is cut into its three bytes.
    private static let scripts: [(ClosedRange<Int>, UInt16)] = [
        // Signs and accented letters of Latin, phonetic letters, marks.
        (0x80...0xBF, 150), (0xC0...0x24F, 120), (0x250...0x36F, 200),
        // Greek, Cyrillic, Armenian, Hebrew, Arabic; Syriac to N'Ko.
        (0x370...0x3FF, 128), (0x400...0x52F, 97), (0x530...0x58F, 222), (0x590...0x5FF, 142), (0x600...0x6FF, 118), (0x700...0x7FF, 236),
        // Devanagari, Bengali, Gurmukhi and Gujarati, Oriya, Tamil, Telugu and Kannada, Malayalam, Sinhala.
        (0x900...0x97F, 130), (0x980...0x9FF, 156), (0xA00...0xAFF, 209), (0xB00...0xB7F, 300), (0xB80...0xBFF, 161),
        (0xC00...0xCFF, 209), (0xD00...0xD7F, 182), (0xD80...0xDFF, 224),
        // Thai, Lao, Tibetan, Myanmar, Georgian; Khmer; Vietnamese and Greek letters with two accents.
        (0xE00...0xE7F, 112), (0xE80...0xEFF, 225), (0xF00...0xFFF, 214), (0x1000...0x10FF, 230), (0x1780...0x17FF, 176),
        (0x1E00...0x1EFF, 190), (0x1F00...0x1FFF, 250),
        // Punctuation and symbols, by their blocks.
        (0x2000...0x206F, 150), (0x2070...0x20CF, 230), (0x20D0...0x21FF, 250), (0x2200...0x22FF, 245), (0x2300...0x24FF, 270),
        (0x2500...0x25FF, 200), (0x2600...0x27BF, 240),
        // CJK signs, Kana, compatibility letters of Hangul, and the wide forms.
        (0x3000...0x303F, 200), (0x3040...0x309F, 225), (0x30A0...0x30FF, 209), (0x3130...0x318F, 230), (0xFF00...0xFFEF, 200),
    ]

    /// The scalars of one token.
    private static let singles: [(String, UInt16)] = [
        ("、。", 91), ("「」", 75), ("　《》『』【】〜！（），－．／０１２３４５６７８９：；＞？＾～･￥", 112), ("‐‑–—―‘’‚“”„†•…‰′″›※€™←↑→↓−─━│═║█■►●★☆♀♥♪✔", 110),
        ("あいうえおかがきくけこごさざしじすせそただちっつてでとどなにのはばまみめもやよらりるれろわをん", 91),
        ("アィイウェエオカキクグコサシジスズセタダチッテデトドナニバパビピフブプペポマムメャュョラリルレロン・ー", 94),
        (han, 97), (hangul, 101),
    ]

    private static let hangul = """
        가간값개거게결경고공과구그글기나내는능니다당대도동되된드든들디라래러력로록료류른를름리만면명목문미버번보복부분비사산상색생서성세션소수스습시식신아야어에여열오와요용우운원위으은을\
        음의이인일임입자작장재적전정제져조주지진째체출치크태터턴트튼하한할함해호화환회
        """

    private static let han = """
        一万三上下不与专业东两个中串为主么义之也书了事二于五些交产享京人亿今介从他付代以们件价任份企优会传但位体何余作你使例供価保信修倍值停像元先入全公共关其具内円册再写出击分列则初利别到制前力功加\
        务动動包化北区十午华单南即历原去县参及友反发取变口只可台右号司合同名后向否含听启告员周命和品哈商問器四回因国图土在地场址型城基報場填增声处备复外多大天失头女好如始子字存学安宋完定实审客家容密\
        对导将小少尔就局展山岁州工左已市布常平年并广序库应店度建开异式引张当录形影径待後得微心必志态思性总息您情意感成我或户所手打找技投报拉持指按换据排接推提播支收改放政效数整文料断新方族无日时明易\
        星是時景更最月有服期木未本机权束条来板构析果查标样核格案检模次款止正此步歳段每比民気水求江汽没治法注活流海消清游源火点無然片版物特率环现球理生用由电男画界番登的监目直相省看県真知码确示社票私种\
        科秒称移程稍税稿空立站章端笑符第等签简算管箱米类系素索约级线组经结给络统编网置美老考者而联能自至色节英藏行表装西要見见规视角解言計記話读计认议记论设证评试话询该详语误说请读调象责败账货购费资\
        起超路身车转软载辑输达过运近还这进连述退送选通速造連道邮部都配释里重量金钟钮链销错键长開間関门闭问间队阳陆限院除雅集雷需非面音页项预频题额首验高黑
        """

    /// One bit for 64 syllables from U+AC00 on: set where they take three tokens.
    private static let hangulThirds: [UInt64] = [0x7914_3FE6_53CB_FC50, 0xFF2E_801F_F383_FEB2, 0x0000_7CDF_EBE5_FDBA]

    /// One bit for 64 ideographs from U+4E00 on.
    private static let hanThirds: [UInt64] = [
        0x781F_4047_8400_1400, 0x000F_D400_0900_E400, 0xC900_09C1_CE3C_EDE0, 0x0018_31FD_FE40_7083, 0xFFFD_B0C0_03EF_701F,
        0x0000_0000_0000_00B7,
    ]
}
