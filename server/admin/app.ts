// Elysia, made from the route table: it dispatches, and checks query and body against their schemas. Whether
// somebody may ask at all is decided before (shell.ts), and a request that it would dispatch to another route
// than the one that was decided on is not answered.
import { type TObject, Type } from '@sinclair/typebox'
import { Elysia, ValidationError } from 'elysia'
import { isJsonBody } from './body.ts'
import { urlOf } from './came.ts'
import { invalidAnswer } from './invalid.ts'
import { problem } from './problem.ts'
import type { Asked, Route } from './route.ts'

export interface App {
  answer(route: Route, asked: Asked): Promise<Response>
  /** `METHOD /path` of each route that Elysia has, for the test that holds it against the table. */
  readonly routes: readonly string[]
}

/** A request on its way through Elysia, and the answer that was made to it. */
interface Held {
  readonly route: Route
  readonly asked: Asked
  made: Response | null
}

const HELD = 'application/vnd.held'

/** Makes the app; only routes of /api are in it. */
export function makeApp(routes: readonly Route[]): App {
  const held = new WeakMap<Request, Held>()
  // Its generated code refers to identifiers, which a build may rename: it interprets instead.
  const app = new Elysia({ aot: false, strictPath: true, normalize: false })
  app.onError(({ error, request }) => {
    const one = held.get(request)
    if (!(error instanceof ValidationError) || one === undefined) throw error
    one.made = invalidAnswer(error)
  })
  for (const route of routes.filter(({ path }) => path.startsWith('/api/')))
    app.route(route.method, elysiaPath(route.path), ({ request }) => answer(route, held.get(request)), {
      ...queryOf(route),
      ...(isJsonBody(route) && { body: route.body }),
      parse: ({ request }) => held.get(request)?.asked.body,
    })
  return {
    answer: async (route, asked) => {
      const twice = namedTwice(asked.query)
      if (twice !== null) return twice
      // It looks for the path behind the eleventh character: names of hosts may be shorter.
      const { pathname, search } = urlOf(asked.request)
      const request = new Request(`http://localhost${pathname}${search}`, {
        method: route.method,
        // The body was read before, within its limits: Elysia hears of one, and `parse` gives it.
        ...(asked.body !== undefined && { body: '-', headers: { 'Content-Type': HELD } }),
      })
      const one: Held = { route, asked, made: null }
      held.set(request, one)
      const { status } = await app.handle(request)
      // What it gives back is a copy.
      if (one.made === null) throw new Error(`Elysia answered ${status} to ${route.method} ${route.path}`)
      return one.made
    },
    routes: app.routes.map(({ method, path }) => `${method} ${path}`),
  }
}

/**
 * No parameter is taken that is not known: who misspells dry_run means to change nothing, and who misspells a
 * filter is not told of all there is.
 */
const queryOf = ({ query = NO_QUERY }: Route): { readonly query: TObject } => ({ query })

const NO_QUERY = Type.Object({}, { additionalProperties: false })

/** Routes read the first one, and what checks them may see another. */
function namedTwice(query: URLSearchParams): Response | null {
  const seen = new Set<string>()
  const parameter = query.keys().find((name) => seen.size === seen.add(name).size)
  if (parameter === undefined) return null
  const message = 'found it more than once, allowed is once'
  return problem('query_invalid', `The query is not understood: ${parameter}: ${message}.`, {
    errors: [{ parameter, code: 'invalid', message }],
  })
}

async function answer(route: Route, held: Held | undefined): Promise<void> {
  if (held?.route !== route) throw new Error(`Elysia chose ${route.method} ${route.path}`)
  held.made = await route.answer(held.asked)
}

/** As Elysia writes `{name}`. */
export const elysiaPath = (path: string): string => path.replaceAll(/\{(\w+)\}/g, ':$1')
