import { z } from 'zod';

/** What an operation does. */
export const operationKinds = [
  'register',
  'authorize',
  'edit',
  'subscribe',
  'view_product',
  'view_category',
  'set_cart',
  'add_to_cart',
  'remove_from_cart',
  'set_wish_list',
  'create_order',
  'change_order',
  'cancel_order',
] as const;

export type OperationKind = (typeof operationKinds)[number];

/** The names that Mindbox's own integrations use (github.com/mindbox-cloud/php-sdk, `docs`). */
const usualOperations: Readonly<Record<string, OperationKind>> = {
  'Website.RegisterCustomer': 'register',
  'Website.AuthorizeCustomer': 'authorize',
  'Website.EditCustomer': 'edit',
  'Website.FillCustomerProfile': 'edit',
  'Website.SubscribeCustomer': 'subscribe',
  'Website.SubscriptionInFooter': 'subscribe',
  'Website.ViewProduct': 'view_product',
  'Website.ViewCategory': 'view_category',
  'Website.SetCart': 'set_cart',
  'Website.SetProductList': 'set_cart',
  'Website.AddToCart': 'add_to_cart',
  'Website.RemoveFromCart': 'remove_from_cart',
  'Website.SetWishList': 'set_wish_list',
  'Website.CreateOrder': 'create_order',
  'Website.CreateAuthorizedOrder': 'create_order',
  'Website.CreateUnauthorizedOrder': 'create_order',
  'Website.OfflineOrder': 'create_order',
  'Website.SaveOfflineOrder': 'create_order',
  'Website.ConfirmOrder': 'change_order',
  'Website.UpdateOrder': 'change_order',
  'Website.CancelOrder': 'cancel_order',
};

const name = z.string().min(1).max(200);
const idName = z.union([name, z.null()]).default(null);

/** Settings `mindbox`: names are the shop's own in Mindbox. */
export const mindboxSettings = z
  .strictObject({
    operations: z
      .record(name, z.enum(operationKinds))
      .default(usualOperations)
      .meta({ description: 'Name of an operation to what it does; given, it replaces the usual names' }),
    ids: z
      .strictObject({ customer: idName, product: idName, order: idName })
      .prefault({})
      .meta({ description: "Which of several ids (`websiteID`, `bitrixId` …) is the shop's own; null: the first" }),
    statuses: z
      .strictObject({
        cancelled: z.array(name).default(['Cancelled', 'Canceled']),
        refunded: z.array(name).default(['Returned', 'Refunded']),
      })
      .prefault({})
      .meta({ description: 'Statuses of lines which, had by all lines, mean that the order is cancelled or refunded' }),
  })
  .meta({ id: 'MindboxSettings' });

export type MindboxSettings = z.output<typeof mindboxSettings>;
