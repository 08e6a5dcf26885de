/** Settings `recommendations` of the shop, versioned in Postgres. Durations are ISO 8601. */
export interface RecommendationSettings {
  /** What goes with what, by hand: goods of a category, or one product, with those beside it; the weight is above 0, up to 1. */
  complements: {
    categories: Record<string, Record<string, number>>;
    products: Record<string, Record<string, number>>;
  };
  /** What an order line, a favourite and a view count for a hit; each half as much after every `halfLife`. */
  hits: { order: number; favourite: number; view: number; halfLife: string };
  /** What is older counts for nothing, among hits and among what was seen together. */
  window: string;
  /** The same for what was bought together: orders are fewer. */
  boughtWindow: string;
}

export const defaultRecommendations: RecommendationSettings = {
  complements: { categories: {}, products: {} },
  hits: { order: 10, favourite: 3, view: 1, halfLife: 'P14D' },
  window: 'P60D',
  boughtWindow: 'P365D',
};
