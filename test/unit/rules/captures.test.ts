import { expect, test } from 'bun:test'
import { capturesOf } from '../../../server/rules/captures.ts'

test.each<[string, Record<string, string>]>([
  ['/users/7/posts/9', { id: '7', post: '9' }],
  ['/users/%61/posts/%C3%a9', { id: 'a', post: '%C3%A9' }],
  ['/users/a%2Fb/posts/9', { id: 'a%2Fb', post: '9' }],
  ['/files/', { rest: '' }],
  ['/files/a/b/', { rest: 'a/b/' }],
  ['/v12/x', { version: '12', more: '' }],
  ['/plain', {}],
  ['/plain/x', {}],
  ['/elsewhere', {}],
  ['/users//posts/9', {}],
  ['/users/\\/posts/9', {}],
  ['/%zz', {}],
])('%s', (path, captures) => {
  const read = capturesOf([
    '/plain',
    '/plain/*',
    '/users/{id}/posts/{post}',
    '/files/{rest...}',
    { regex: '^/v(?<version>[0-9]+)/(?<more>y)?' },
  ])
  expect(read(path)).toEqual(captures)
})

test('a name that all objects have is a name as any', () => {
  expect(Object.keys(capturesOf(['/{constructor}/{toString}'])('/a/b'))).toEqual(['constructor', 'toString'])
})
