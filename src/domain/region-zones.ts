/** Where Russia's regions are: zone → codes of ISO 3166-2:RU, then words by which a name of the region is known. Phone
 *  numbers of Russian mobiles do not tell. */
const russia: Readonly<Record<string, [codes: string, words: string]>> = {
  'Europe/Kaliningrad': ['KGD', 'калининградская калининград'],
  'Europe/Moscow': [
    `AD ARK BEL BRY CE CU DA IN IVA KB KC KDA KIR KL KLU KO KOS KR KRS LEN LIP ME MO MOS MOW MUR NEN NGR NIZ ORL PNZ
     PSK ROS RYA SE SMO SPE STA TA TAM TUL TVE VGG VLA VLG VOR YAR`,
    `москва московская мск moscow msk санкт-петербург петербург ленинградская спб spb адыгея архангельская белгородская
     брянская владимирская волгоградская вологодская воронежская дагестан ивановская ингушетия кабардино-балкарская
     кабардино-балкария калмыкия калужская карачаево-черкесская карачаево-черкесия карелия кировская коми костромская
     краснодарский курская липецкая марий мордовия мурманская ненецкий нижегородская новгородская орловская осетия
     пензенская псковская ростовская рязанская смоленская ставропольский тамбовская татарстан тверская тульская
     чеченская чечня чувашская чувашия ярославская волгоград воронеж казань краснодар новгород ростов ростов-на-дону`,
  ],
  'Europe/Simferopol': ['', 'крым севастополь'],
  'Europe/Samara': ['SAM UD', 'самарская удмуртская удмуртия самара тольятти ижевск'],
  'Europe/Saratov': ['SAR', 'саратовская саратов'],
  'Europe/Ulyanovsk': ['ULY', 'ульяновская ульяновск'],
  'Europe/Astrakhan': ['AST', 'астраханская астрахань'],
  'Asia/Yekaterinburg': [
    'BA CHE KGN KHM ORE PER SVE TYU YAN',
    `башкортостан башкирия челябинская курганская ханты-мансийский хмао югра оренбургская пермский свердловская тюменская
     ямало-ненецкий янао екатеринбург курган оренбург пермь сургут тюмень уфа челябинск`,
  ],
  'Asia/Omsk': ['OMS', 'омская омск'],
  'Asia/Novosibirsk': ['NVS', 'новосибирская новосибирск'],
  'Asia/Barnaul': ['ALT AL', 'алтайский алтай барнаул'],
  'Asia/Tomsk': ['TOM', 'томская томск'],
  'Asia/Novokuznetsk': ['KEM', 'кемеровская кузбасс кемерово новокузнецк'],
  'Asia/Krasnoyarsk': ['KYA KK TY', 'красноярский хакасия тыва тува красноярск абакан кызыл'],
  'Asia/Irkutsk': ['IRK BU', 'иркутская бурятия иркутск улан-удэ'],
  'Asia/Chita': ['ZAB', 'забайкальский чита'],
  'Asia/Yakutsk': ['AMU SA', 'амурская саха якутия благовещенск якутск'],
  'Asia/Vladivostok': ['PRI KHA YEV', 'приморский хабаровский еврейская владивосток хабаровск биробиджан'],
  'Asia/Magadan': ['MAG', 'магаданская магадан'],
  'Asia/Sakhalin': ['SAK', 'сахалинская южно-сахалинск'],
  'Asia/Kamchatka': ['KAM', 'камчатский петропавловск-камчатский'],
  'Asia/Anadyr': ['CHU', 'чукотский анадырь'],
};

const known = new Map(
  Object.entries(russia).flatMap(([zone, [codes, words]]) => [
    ...wordsOf(codes).map((code) => [`ru-${code}`, zone] as const),
    ...wordsOf(words).map((word) => [word, zone] as const),
  ]),
);

/** Small, with `ё` as `е`, as people spell them. */
function wordsOf(text: string): string[] {
  return text
    .normalize('NFC')
    .toLowerCase()
    .replaceAll('ё', 'е')
    .split(/[^\p{L}\p{N}-]+/u)
    .filter((word) => word !== '');
}

/** The zone of a region: as the shop says, else by a Russian region's code (`RU-SVE`) or name (`Свердловская обл.`);
 *  null where it is not known. */
export function zoneOfRegion(region: string, own: Readonly<Record<string, string>>): string | null {
  const name = wordsOf(region).join(' ');
  const said = Object.entries(own).find(([key]) => wordsOf(key).join(' ') === name);
  if (said) return said[1];
  const word = wordsOf(region).find((part) => known.has(part));
  return word === undefined ? null : (known.get(word) ?? null);
}
