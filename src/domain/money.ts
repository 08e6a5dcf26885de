/** An amount in minor units (kopecks, cents) of an ISO 4217 currency. */
export interface Money {
  amount: number;
  currency: string;
}
