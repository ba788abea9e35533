// Paths of the API, completed segment by segment.
import { expect, test } from 'bun:test'
import { pathsFor } from '../../../server/cli/completion/paths.ts'

const DOCUMENTS: Readonly<Record<string, unknown>> = {
  '/api/v1': {
    paths: [
      '/_health',
      '/api/v1',
      '/api/v1/backends',
      '/api/v1/backends/{backend}',
      '/api/v1/rules',
      '/api/v1/rules/reorder',
    ]
      .concat(['/api/v1/backends/{backend}/servers', '/api/v1/backends/{backend}/servers/{server}'])
      .concat(['/api/v1/rules/{rule}', '/api/v1/rules/{rule}/move', '/api/v1/lbs/{name}/status'])
      .map((path) => ({ method: 'GET', path })),
  },
  '/api/v1/backends': { items: [{ id: 'api', name: 'api' }], total: 1 },
  '/api/v1/backends/api/servers': { items: [{ id: 'http://10.0.0.1:80', backend: 'api' }] },
  '/api/v1/rules': { items: [{ id: '0', name: null }] },
  '/_health': { healthy: true, backends: [{ backend: 'api' }], listeners: [{ listener: 'web' }] },
}
const asked: string[] = []
const words = (last: string): Promise<readonly string[]> =>
  pathsFor(last, (path) => {
    asked.push(path)
    return Promise.resolve(DOCUMENTS[path] ?? null)
  })

test('each segment is one of what there is, and its name is encoded as in a path', async () => {
  expect(await words('')).toEqual(['backends', 'backends/', 'rules', 'rules/', 'lbs/'])
  expect(await words('backends/')).toEqual(['backends/api', 'backends/api/'])
  expect(await words('backends/api/servers/')).toEqual(['backends/api/servers/http%3A%2F%2F10.0.0.1%3A80'])
  expect(await words('lbs/')).toEqual(['lbs/api/', 'lbs/web/'])
  expect(await words('/')).toEqual(['/_health', '/api/'])
  // A word of a path is no name.
  expect(await words('rules/reorder/')).toEqual([])
  expect(await words('rules/0/')).toEqual(['rules/0/move'])
})

test('only the list of what is completed is asked for', async () => {
  asked.length = 0
  await words('backends/api/servers/x')
  expect(asked).toEqual(['/api/v1', '/api/v1/backends/api/servers'])
  expect(await words('nothing/here/')).toEqual([])
  expect(await pathsFor('backends/', () => Promise.resolve(null))).toEqual([])
})
