// The heat map, drawn by ECharts on a canvas. Loaded only when a result is first shown.
//
// The tooltip component is left out on purpose: it builds markup from strings, which the page's policy refuses.
// What a cell holds is written below the chart as text, which the keyboard and screen readers reach as well.
import { HeatmapChart, type HeatmapSeriesOption } from 'echarts/charts'
import { GridComponent, VisualMapComponent, type GridComponentOption, type VisualMapComponentOption } from 'echarts/components'
import { init, use, type ComposeOption } from 'echarts/core'
import { CanvasRenderer } from 'echarts/renderers'
import { readable } from './colour'

use([HeatmapChart, GridComponent, VisualMapComponent, CanvasRenderer])

type Option = ComposeOption<HeatmapSeriesOption | GridComponentOption | VisualMapComponentOption>

export interface HeatCell {
  /** Column and row, from 0, the row counted from below. */
  x: number
  y: number
  /** What the colour shows; null for a cell without customers. */
  value: number | null
  name: string
  count: string
  /** Belongs to the selected group. */
  selected: boolean
}

export interface HeatPicture {
  bins: number
  cells: HeatCell[]
  max: number
  xName: string
  yName: string
  /** Colours of the page: the scale from low to high, ink, quiet ink, the ground between cells. */
  scale: string[]
  ink: string
  quiet: string
  ground: string
  /** The colour of a cell without customers. */
  empty: string
  font: string
  still: boolean
}

/** The space around the cells, which the layer of keyboard targets shares. */
export const INSET = { left: 44, right: 2, top: 2, bottom: 46 }

export interface HeatChart {
  draw(picture: HeatPicture): void
  resize(): void
  on(event: 'click' | 'over' | 'out', heard: (cell: number) => void): void
  close(): void
}

/** Breaks a name into lines that fit `width`; a single word that is wider stays whole. */
function lines(name: string, width: number, font: string): string[] {
  const context = (measure ??= document.createElement('canvas').getContext('2d'))
  if (context === null) return [name]
  context.font = font
  const out: string[] = []
  let line = ''
  for (const piece of name.match(/[\u2e80-\uffef]|[^\s\u2e80-\uffef]+\s*/gu) ?? [name]) {
    if (line !== '' && context.measureText(line + piece.trimEnd()).width > width) {
      out.push(line.trimEnd())
      line = ''
    }
    line += piece
  }
  out.push(line.trimEnd())
  return out
}
/** Text that the label's little template language cannot take for its own. */
const plain = (text: string) => text.replace(/[{}|]/g, ' ')

let measure: CanvasRenderingContext2D | null | undefined

/** Makes a chart in `element`, which must have its size already. */
export function heatChart(element: HTMLElement): HeatChart {
  const chart = init(element)
  let order: number[] = []
  return {
    draw(picture) {
      const width = (element.clientWidth - INSET.left - INSET.right) / picture.bins
      const small = width < 90
      const nameSize = small ? 10 : 12
      // The selected cells come last, so that their frame lies over their neighbours.
      order = picture.cells.map((_, i) => i).sort((a, b) => Number(picture.cells[a]?.selected) - Number(picture.cells[b]?.selected))
      const axis = {
        type: 'category' as const,
        data: Array.from({ length: picture.bins }, (_, i) => String(i + 1)),
        axisLine: { show: false },
        // The ground of every cell, so that one without customers is still seen as a cell.
        splitArea: { show: true, areaStyle: { color: [picture.empty] } },
        splitLine: { show: true, interval: 0, lineStyle: { color: picture.ground, width: 3 } },
        axisTick: { show: false },
        axisLabel: { color: picture.quiet, fontSize: 13, fontFamily: picture.font },
        nameLocation: 'middle' as const,
        nameTextStyle: { color: picture.ink, fontSize: small ? 12 : 13, fontFamily: picture.font },
      }
      const option: Option = {
        animation: !picture.still,
        animationDuration: 250,
        animationDurationUpdate: 250,
        grid: { ...INSET, outerBoundsMode: 'none' },
        xAxis: { ...axis, name: picture.xName, nameGap: 28 },
        yAxis: { ...axis, name: picture.yName, nameGap: 24 },
        visualMap: { show: false, type: 'continuous', min: 0, max: Math.max(picture.max, Number.MIN_VALUE), inRange: { color: picture.scale } },
        series: [
          {
            type: 'heatmap',
            data: order.map(i => {
              const cell = picture.cells[i] as HeatCell
              const colour = readable(picture.scale, picture.max > 0 ? (cell.value ?? 0) / picture.max : 0)
              return {
                value: [cell.x, cell.y, cell.value ?? '-'],
                name: cell.name,
                itemStyle: cell.selected ? { borderColor: picture.ink, borderWidth: 3, borderRadius: 4 } : { borderColor: picture.ground, borderWidth: 3, borderRadius: 4 },
                label: {
                  formatter: [`{count|${plain(cell.count)}}`, ...lines(cell.name, width - 12, `${nameSize}px ${picture.font}`).map(line => `{name|${plain(line)}}`)].join('\n'),
                  rich: {
                    count: { color: colour, fontSize: small ? 12 : 16, fontWeight: 600, lineHeight: small ? 16 : 22, fontFamily: picture.font },
                    name: { color: colour, fontSize: nameSize, lineHeight: small ? 12 : 16, fontFamily: picture.font },
                  },
                },
              }
            }),
            label: { show: true },
            emphasis: { itemStyle: { borderColor: picture.ink, borderWidth: 2 } },
          },
        ],
      }
      chart.setOption(option)
    },
    resize: () => chart.resize(),
    on(event, heard) {
      const names = { click: 'click', over: 'mouseover', out: 'mouseout' } as const
      chart.on(names[event], params => heard(order[params.dataIndex ?? 0] ?? 0))
    },
    close: () => chart.dispose(),
  }
}
