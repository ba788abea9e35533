// Elysia, made from the route table: it dispatches, and checks query and body against their schemas. Whether
// somebody may ask at all is decided before (shell.ts), and a request that it would dispatch to another route
// than the one that was decided on is not answered.
import { Elysia, ValidationError } from 'elysia'
import { isJsonBody } from './body.ts'
import { invalidAnswer } from './invalid.ts'
import type { Asked, Route } from './route.ts'

export interface App {
  answer(route: Route, asked: Asked): Promise<Response>
  /** `METHOD /path` of each route that Elysia has, for the test that holds it against the table. */
  readonly routes: readonly string[]
}

interface Held {
  readonly route: Route
  readonly asked: Asked
}

/** Makes the app; only routes of /api are in it. */
export function makeApp(routes: readonly Route[]): App {
  const held = new WeakMap<Request, Held>()
  // Its generated code refers to identifiers, which a build may rename: it interprets instead.
  const app = new Elysia({ aot: false, strictPath: true, normalize: false })
  app.onError(({ error }) => {
    if (error instanceof ValidationError) return invalidAnswer(error)
    throw error
  })
  for (const route of routes.filter(({ path }) => path.startsWith('/api/')))
    app.route(route.method, elysiaPath(route.path), ({ request }) => answer(route, held.get(request)), {
      ...(route.query !== undefined && { query: route.query }),
      ...(isJsonBody(route) && { body: route.body }),
      // The body was read before, within its limits.
      parse: 'none',
      transform: (context: { request: Request; body: unknown }) => {
        context.body = held.get(context.request)?.asked.body
      },
    })
  return {
    answer: (route, asked) => {
      const request = new Request(asked.request.url, { method: route.method })
      held.set(request, { route, asked })
      return app.handle(request)
    },
    routes: app.routes.map(({ method, path }) => `${method} ${path}`),
  }
}

function answer(route: Route, held: Held | undefined): Response | Promise<Response> {
  if (held?.route !== route) throw new Error(`Elysia chose ${route.method} ${route.path}`)
  return route.answer(held.asked)
}

/** As Elysia writes `{name}`. */
export const elysiaPath = (path: string): string => path.replaceAll(/\{(\w+)\}/g, ':$1')
