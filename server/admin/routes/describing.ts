// What the API says of itself: its contents, its OpenAPI document, and a page for each problem.
import { Type } from '@sinclair/typebox'
import type { ControlFacts } from '../../control/facts.ts'
import { openApiOf } from '../openapi.ts'
import { problemPage, problemsPage } from '../problem-pages.ts'
import { jsonAnswer } from '../problem.ts'
import { ROLE_FOR } from '../roles.ts'
import { isBranch, param, type Route } from '../route.ts'

const CONTENTS = Type.Object({
  version: Type.String(),
  revision: Type.Integer({ description: 'Of the config that is served.' }),
  paths: Type.Array(
    Type.Object({
      method: Type.String(),
      path: Type.String(),
      role: Type.Union([Type.String(), Type.Null()], { description: 'The least that may; null: anybody.' }),
      summary: Type.String(),
    }),
  ),
})

/** Routes that tell of all routes, themselves included. */
export function describingRoutes(
  all: () => readonly Route[],
  { revision, gateway }: Pick<ControlFacts, 'revision' | 'gateway'>,
): readonly Route[] {
  let document: string | null = null
  const listed = (): readonly Route[] => all().filter((route) => !isBranch(route))
  const read = { method: 'GET', tag: 'About the API' } as const
  return [
    {
      ...read,
      path: '/api/v1',
      permission: 'view',
      summary: 'What there is',
      answers: { 200: { description: 'Each path with who may.', schema: CONTENTS } },
      answer: () =>
        jsonAnswer({ version: gateway.build.version, revision: revision(), paths: listed().map(rowOf) }),
    },
    {
      ...read,
      path: '/api/v1/openapi.json',
      permission: 'view',
      summary: 'This API as OpenAPI 3.1',
      answers: { 200: { description: 'The document.', schema: Type.Object({}) } },
      answer: () => {
        document ??= `${JSON.stringify(openApiOf(listed(), gateway.build.version))}\n`
        return new Response(document, { headers: { 'Content-Type': 'application/json' } })
      },
    },
    {
      ...read,
      path: '/_admin/problems',
      permission: 'open',
      summary: 'Every way in which this API says no',
      answers: { 200: { description: 'A list of codes.', type: 'text/html; charset=utf-8' } },
      answer: () => problemsPage(),
    },
    {
      ...read,
      path: '/_admin/problems/{code}',
      permission: 'open',
      summary: 'What a problem means and what to do: the `type` of problem documents',
      answers: {
        200: { description: 'A page for people.', type: 'text/html; charset=utf-8' },
        404: { description: 'There is no such code.' },
      },
      answer: (asked) => problemPage(param(asked, 'code')),
    },
  ]
}

const rowOf = ({ method, path, permission, summary }: Route) => {
  return { method, path, role: ROLE_FOR[permission], summary }
}
