import type { Request } from 'express';
import type { z } from 'zod';
import type { ApiDeps } from '#api/deps.ts';
import type { ProblemCode } from '#api/problems.ts';

export type Method = 'get' | 'post' | 'put' | 'delete';

/** Who asks, and what handlers work with. */
export interface Call<P, Q, B> {
  params: P;
  query: Q;
  body: B;
  caller: { id: string; name: string };
  request: Request;
  deps: ApiDeps;
}

type Output<S> = S extends z.ZodType ? z.output<S> : undefined;
type Schema = z.ZodType | undefined;

/** What a handler may return for a documented answer: dates become their ISO text in JSON, and rows say `string` where
 *  the schema lists the words (the tests hold real answers against the schemas). */
type Wire<T> = unknown extends T
  ? unknown
  : T extends string
    ? string | Date
    : T extends object
      ? { [K in keyof T]: Wire<T[K]> }
      : T;

/** https://jsonlines.org, by the media type that it has in practice. */
export const jsonLines = 'application/x-ndjson';

/** An answer that may be too long to be held as a whole: JSON text as it is made, of the shape that `answer` documents. */
export class Streamed {
  readonly text: AsyncIterable<string>;
  readonly type: string;
  constructor(text: AsyncIterable<string>, type = 'application/json') {
    this.text = text;
    this.type = type;
  }
}

/** One route: what it takes, what it answers, and who does it. Express and the OpenAPI document are made of the same. */
export interface RouteSpec<P extends Schema, Q extends Schema, B extends Schema, A extends Schema> {
  method: Method;
  /** Below `/api/v1`, parameters as in OpenAPI: `/customers/{id}`. */
  path: string;
  tag: string;
  summary: string;
  description?: string;
  params?: P;
  query?: Q;
  body?: B;
  /** What the document says of the body, where items are checked one by one by the handler. */
  bodyInDocument?: z.ZodType;
  /** Media types that are taken as text beside JSON: files. */
  files?: readonly string[];
  headers?: z.ZodObject;
  status?: 200 | 201 | 202 | 204;
  answer?: A;
  /** The media type of the answer, where it is not JSON. */
  answerType?: string;
  /** Problems of its own, beside those that every route may answer with. */
  problems?: readonly ProblemCode[];
  /** An example body for the documentation. */
  example?: unknown;
  handle(
    call: Call<Output<P>, Output<Q>, Output<B>>,
  ): Promise<A extends z.ZodType ? Wire<z.output<A>> | Streamed : undefined>;
}

export type Route = Omit<RouteSpec<Schema, Schema, Schema, Schema>, 'handle'> & {
  handle(call: Call<unknown, unknown, unknown>): Promise<unknown>;
};

/** Ties the types of one route together, and then forgets them, so that routes of all kinds make one list. */
export function route<
  P extends Schema = undefined,
  Q extends Schema = undefined,
  B extends Schema = undefined,
  A extends Schema = undefined,
>(spec: RouteSpec<P, Q, B, A>): Route {
  return { ...spec, handle: (call) => spec.handle(call as Call<Output<P>, Output<Q>, Output<B>>) };
}
