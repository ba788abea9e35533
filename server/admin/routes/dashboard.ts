// The dashboard. Its files are open: they are code, the same for everybody; what they show they ask the API.
import { Dashboard } from '../dashboard/dashboard.ts'
import { param, type Route } from '../route.ts'

export function dashboardRoutes(): readonly Route[] {
  const dashboard = new Dashboard()
  const read = { method: 'GET', permission: 'open', tag: 'Dashboard' } as const
  return [
    {
      ...read,
      path: '/_admin',
      summary: 'The dashboard, for browsers',
      answers: { 307: { description: 'It is at `/_admin/`.' } },
      // Relative: a proxy in front may have added a path that we know nothing of.
      answer: () => new Response(null, { status: 307, headers: { Location: '_admin/' } }),
    },
    {
      ...read,
      path: '/_admin/assets/{path...}',
      summary: 'Files of the dashboard whose names change with what is in them',
      answers: {
        200: { description: 'The file.' },
        304: { description: 'It is still the one of If-None-Match.' },
        404: { description: 'There is no such file.' },
      },
      answer: (asked) => dashboard.asset(asked.request, param(asked, 'path')),
    },
    {
      ...read,
      path: '/_admin/{path...}',
      summary: 'Every page of the dashboard',
      answers: {
        200: { description: 'The page.', type: 'text/html; charset=utf-8' },
        304: { description: 'It is still the one of If-None-Match.' },
        404: { description: 'The dashboard was not built.' },
      },
      answer: (asked) => dashboard.page(asked.request, param(asked, 'path')),
    },
  ]
}
