"""embed.py INPUT.json OUTPUT.c: the document, checked to be JSON and without white space, as what openapi.h declares."""
import json
import sys

with open(sys.argv[1], encoding='utf-8') as file:
    text = json.dumps(json.load(file), separators=(',', ':'), ensure_ascii=False).encode()
rows = [text[i:i + 24] for i in range(0, len(text), 24)]
with open(sys.argv[2], 'w', encoding='ascii') as out:
    out.write('/* Made from openapi.json by embed.py. */\n#include "web/openapi.h"\n\nconst char web_openapi[] = {\n')
    # Bytes above 127 as C's char, which is signed here and not everywhere: hence the cast.
    out.writelines('\t' + ', '.join(str(byte) if byte < 128 else f'(char){byte}' for byte in row) + ',\n' for row in rows)
    out.write('};\nconst size_t web_openapi_bytes = sizeof(web_openapi);\n')
