"""Writes another_program.xlsx, a workbook by another program's library (openpyxl, MIT).

python3 -m pip install openpyxl && python3 tests/sheet/another_program.py
"""

import datetime as dt
from pathlib import Path

from openpyxl import Workbook

book = Workbook()
book.active.title = "封面"
sheet = book.create_sheet("订单 2025")
sheet.append(["五月订单"])
sheet.merge_cells("A1:E1")
sheet.append([])
sheet.append(["买家", "订单", None, None, "备注"])
sheet.append([None, "付款时间", "实付", "订单号", None])
for cells in ["A3:A4", "B3:D3", "E3:E4"]:
    sheet.merge_cells(cells)
rows = [
    ["00123", dt.datetime(2025, 5, 28, 9, 3, 0), 10.5, 123456789012345678, "a, \"b\"\nc"],
    ["李四 & 王", dt.date(2025, 5, 29), -3, "x<y>", True],
    [42, dt.datetime(2025, 5, 30, 23, 59, 59, 500000), 0.1 + 0.2, None, dt.time(7, 30)],
    ["E1", dt.datetime(1900, 1, 1), "=1+1", "#N/A", dt.timedelta(hours=30)],
]
for row in rows:
    sheet.append(row)
sheet["A7"].number_format = "00000"
sheet.row_dimensions[6].hidden = True
book.save(Path(__file__).with_name("another_program.xlsx"))
