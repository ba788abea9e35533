import { expect, test } from 'bun:test'
import { configView } from '../../../server/admin/config-views.ts'

const TEXT = 'backends: { api: { servers: [{ url: "http://a" }], retry: { max_retries: 3 } } }\n'

test.each(['editor', 'viewer'] as const)(
  'a config as JSON is told by our keys, to a %s as well',
  async (role) => {
    const request = new Request('http://h/api/v1/config', { headers: { Accept: 'application/json' } })
    const asked = { request, who: { role } } as unknown as Parameters<typeof configView>[0]
    const viewed = { file: `${role}.yaml`, text: TEXT, hash: role, tag: null, effective: null }
    const answer = configView(asked, viewed)
    expect(await answer.json()).toMatchObject({ backends: { api: { retry: { attempts: 4 } } } })
  },
)
