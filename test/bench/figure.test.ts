import t from 'tap'
import { type Figure, isHeld, tableOf } from '../../bench/figure.ts'
import { spreadOf } from '../../bench/statistics.ts'

const figure = (more: Partial<Figure> = {}): Figure => ({
  group: 'hit',
  name: '2 KB',
  unit: 'us',
  ours: spreadOf([50]),
  ...more,
})

t.test('a bar is on the ratio, or on the figure where there is none', async t => {
  const ratio = spreadOf([0.5])
  t.equal(isHeld(figure()), undefined)
  t.equal(isHeld(figure({ bar: { atLeast: 50 } })), true)
  t.equal(isHeld(figure({ bar: { atMost: 49 } })), false)
  t.equal(isHeld(figure({ ratio, bar: { atLeast: 0.51 } })), false)
  t.equal(isHeld(figure({ ratio, bar: { atMost: 0.5 } })), true)
})

t.test(
  'the table names medians, quartiles, bars and verdicts, and marks what was disturbed',
  async t => {
    const table = tableOf([
      figure({ note: 'alone' }),
      figure({
        ours: spreadOf([1, 2, 3]),
        reference: { name: 'plain', ...spreadOf([123.4]) },
        ratio: spreadOf([10]),
        bar: { atLeast: 0.8 },
        othersShare: 0.2,
      }),
      figure({ bar: { atMost: 9 }, othersShare: 0.05 }),
    ])
    const cells = table.split('\n').map(line => line.split('|').map(cell => cell.trim()))
    t.same(cells[2], ['', 'hit', '2 KB', '50.0 us', '', '', '', '', 'alone', ''])
    t.same(cells[3]?.slice(2, 8), [
      '2 KB ~',
      '2.00 (1.50-2.50) us',
      '123 us: plain',
      '10.0',
      '>= 0.8',
      'held',
    ])
    t.same(cells[4]?.slice(2, 8), ['2 KB', '50.0 us', '', '', '<= 9', 'MISSED'])
  },
)
