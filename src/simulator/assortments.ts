type Words = readonly [string, ...string[]];

/** What a shop has, and who buys there. */
export interface Assortment {
  kinds: readonly [Kind, ...Kind[]];
  /** Of its articles, so many exist once. */
  uniqueShare: number;
  /** So many times more of each article than a small shop has. Default: 1. */
  stockTimes?: number;
  /** Regions with prices and stock of their own: how dear each is. Left out: one price for all, and customers everywhere. */
  regions?: Readonly<Record<string, number>>;
  /** Of its articles some are for some: goods of these categories, so many of them, have a value of `attribute` that matters to
   *  customers with that value in their trait. */
  matters?: Matters;
  /** Of its customers: those who buy for a company, and those who also buy at a counter. */
  customers?: { companies: number; counters: number };
}

interface Matters {
  attribute: string;
  trait: string;
  values: Words;
  categories: readonly string[];
  share: number;
  /** Whose trait it is: of each person some values or none, of each company one. */
  whose: 'people' | 'companies';
}

/** Category, the usual price in it in minor units, and what things are called. `lasts`: days in which somebody alone uses one up. */
type Kind = readonly [category: string, price: number, words: Words, more?: { lasts: number }];

export type AssortmentName = keyof typeof assortments;

export const assortments = {
  household: {
    kinds: [
      ['Lamps', 600_000, ['floor lamp', 'table lamp', 'pendant', 'reading light']],
      ['Chairs', 1_800_000, ['armchair', 'stool', 'dining chair', 'rocking chair']],
      ['Rugs', 1_200_000, ['wool rug', 'runner', 'kilim']],
      ['Ceramics', 150_000, ['vase', 'bowl', 'plate', 'mug']],
      ['Tea', 60_000, ['oolong', 'green tea', 'herbal tea', 'black tea']],
      ['Textiles', 250_000, ['blanket', 'cushion', 'linen set', 'towel']],
    ],
    uniqueShare: 0.2,
  },
  /** Second-hand luxury: each item exists once, is tried on at home, and waited for in a queue (J9). */
  resale: {
    kinds: [
      ['Сумки', 18_000_000, ['сумка-тоут', 'клатч', 'сумка на цепочке', 'рюкзак']],
      ['Обувь', 4_500_000, ['лодочки', 'лоферы', 'ботильоны', 'кроссовки']],
      ['Пальто', 9_000_000, ['пальто', 'тренч', 'шуба']],
      ['Украшения', 6_000_000, ['серьги', 'браслет', 'колье', 'кольцо']],
      ['Платья', 5_500_000, ['платье', 'вечернее платье', 'платье-рубашка', 'сарафан']],
      ['Платки', 2_000_000, ['платок', 'шарф', 'палантин', 'каре']],
    ],
    uniqueShare: 1,
  },
  /** Natural cosmetics, online and at counters (DNK): most of it is used up, and some of it is against something. */
  cosmetics: {
    kinds: [
      ['Уход за лицом', 120_000, ['крем для лица', 'сыворотка', 'тоник', 'маска для лица'], { lasts: 75 }],
      ['Уход за волосами', 70_000, ['шампунь', 'бальзам', 'маска для волос', 'масло для волос'], { lasts: 60 }],
      ['Уход за телом', 60_000, ['гель для душа', 'молочко для тела', 'скраб', 'крем для рук'], { lasts: 50 }],
      ['Гигиена', 30_000, ['зубная паста', 'мыло', 'дезодорант'], { lasts: 40 }],
      ['Макияж', 90_000, ['тушь', 'помада', 'румяна', 'тональный крем'], { lasts: 150 }],
      ['Аксессуары', 80_000, ['щётка для волос', 'спонж', 'косметичка', 'набор кистей']],
    ],
    uniqueShare: 0,
    matters: {
      attribute: 'concerns',
      trait: 'skinConcerns',
      values: ['couperose', 'dryness', 'acne', 'sensitivity'],
      categories: ['Уход за лицом', 'Макияж'],
      share: 0.5,
      whose: 'people',
    },
    customers: { companies: 0, counters: 0.4 },
  },
  /** Office supplies for companies and people (Komus): used up by as many as work there, with a price and a stock in each region. */
  office: {
    kinds: [
      ['Бумага', 40_000, ['бумага А4', 'бумага А3', 'блок для записей'], { lasts: 60 }],
      ['Картриджи', 450_000, ['картридж чёрный', 'картридж цветной', 'тонер'], { lasts: 90 }],
      ['Канцтовары', 12_000, ['ручка шариковая', 'маркер', 'папка-регистратор', 'скрепки'], { lasts: 80 }],
      ['Чай, кофе, вода', 60_000, ['кофе в зёрнах', 'чай чёрный', 'вода питьевая'], { lasts: 30 }],
      ['Хозтовары', 35_000, ['полотенца бумажные', 'мыло жидкое', 'мешки для мусора', 'перчатки'], { lasts: 45 }],
      ['Батарейки', 25_000, ['батарейки AA', 'батарейки AAA'], { lasts: 180 }],
      ['Офисная техника', 2_500_000, ['принтер', 'шредер', 'ламинатор', 'телефон']],
      ['Мебель', 1_500_000, ['кресло офисное', 'стол письменный', 'стеллаж']],
    ],
    uniqueShare: 0,
    stockTimes: 20,
    regions: { msk: 1, spb: 1.02, ekb: 1.05, nsk: 1.08, vvo: 1.18 },
    matters: {
      attribute: 'industries',
      trait: 'industry',
      values: ['medicine', 'education', 'horeca', 'manufacturing', 'it'],
      categories: ['Хозтовары', 'Канцтовары'],
      share: 0.4,
      whose: 'companies',
    },
    customers: { companies: 0.5, counters: 0.1 },
  },
} as const satisfies Record<string, Assortment>;
