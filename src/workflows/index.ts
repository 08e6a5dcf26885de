// Written by `npm run generate` from the folders beside it. Do not edit.
export { abandonment } from './abandonment/workflow.ts';
export { atRisk as 'at-risk' } from './at-risk/workflow.ts';
export { itemEvent as 'item-event' } from './item-event/workflow.ts';
export { job } from './kit/job.ts';
export { lifecycle } from './lifecycle/workflow.ts';
export { message } from './message/workflow.ts';
export { newModel as 'new-model' } from './new-model/workflow.ts';
export { optIn as 'opt-in' } from './opt-in/workflow.ts';
export { orderConfirmation as 'order-confirmation' } from './order-confirmation/workflow.ts';
export { replenishment } from './replenishment/workflow.ts';
export { reservation } from './reservation/workflow.ts';
export { reservationFollowup as 'reservation-followup' } from './reservation-followup/workflow.ts';
export { welcome } from './welcome/workflow.ts';
export { winBack as 'win-back' } from './win-back/workflow.ts';
