"""The document's field tables and sample requests, copied by hand, and short ways to ask the schema about them."""

import base64
import struct
import zlib
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from schemas.fields import Data
from schemas.fj_construction import EVENTS
from schemas.fj_construction.certificates import ManagerCertificate, SafeCertificate, SpecialCertificate
from schemas.fj_construction.events import CertificateFile

# 请求体参数定义说明: 字段名称, 字段类型, 字段长度, 是否必填 (是, 否, or 条件: 满足条件必填 / 符合条件必填).
Row = tuple[str, str, int | None, str]

SAFE: list[Row] = [
    ("eCertID", "字符型", 50, "是"),
    ("provinceNum", "字符型", 6, "是"),
    ("certNum", "字符型", 25, "是"),
    ("issuAuth", "字符型", 50, "是"),
    ("issuAuthCode", "字符型", 18, "是"),
    ("issuDate", "日期型", 8, "是"),
    ("companyName", "字符型", 200, "是"),
    ("creditCode", "字符型", 18, "是"),
    ("companyAddress", "字符型", 200, "是"),
    ("responsiblePerson", "字符型", 20, "是"),
    ("responsiblePersonID", "字符型", 18, "是"),
    ("responsiblePersonIDType", "字符型", 10, "是"),
    ("economicType", "字符型", 20, "是"),
    ("licenseScope", "字符型", 4, "是"),
    ("effectiveDate", "日期型", 8, "是"),
    ("expiringDate", "日期型", 8, "是"),
    ("firstIssuDate", "日期型", 8, "是"),
    ("certState", "字符型", 2, "是"),
    ("certStatusDescription", "字符型", 200, "条件"),
    ("associatedZzeCertID", "字符型", 72, "否"),
    ("businessInformation", "字符型", 5000, "否"),
    ("operateType", "字符型", 2, "是"),
]
SPECIAL: list[Row] = [
    ("eCertID", "字符型", 50, "是"),
    ("provinceNum", "字符型", 6, "是"),
    ("certNum", "字符型", 25, "是"),
    ("issuAuth", "字符型", 50, "是"),
    ("issuAuthCode", "字符型", 18, "是"),
    ("issuedDate", "日期型", 8, "是"),
    ("issuDate", "日期型", 8, "是"),
    ("effectiveDate", "日期型", 8, "是"),
    ("expiringDate", "日期型", 8, "是"),
    ("name", "字符型", 50, "是"),
    ("gender", "字符型", 1, "是"),
    ("identityCard", "字符型", 18, "是"),
    ("identityCardType", "字符型", 3, "是"),
    ("photo", "文本型", None, "是"),
    ("operationCategory", "字符型", 2, "是"),
    ("categoryDescription", "字符型", 200, "条件"),
    ("certState", "字符型", 2, "是"),
    ("certStatusDescription", "字符型", 200, "条件"),
    ("associatedZzeCertID", "字符型", 72, "否"),
    ("businessInformation", "字符型", 5000, "否"),
    ("operateType", "字符型", 2, "是"),
]
MANAGER: list[Row] = [
    ("eCertID", "字符型", 50, "是"),
    ("provinceNum", "字符型", 6, "是"),
    ("certNum", "字符型", 23, "是"),
    ("issuAuth", "字符型", 50, "是"),
    ("issuAuthCode", "字符型", 18, "是"),
    ("issuedDate", "日期型", 8, "是"),
    ("issuDate", "日期型", 8, "是"),
    ("effectiveDate", "日期型", 8, "是"),
    ("expiringDate", "日期型", 8, "是"),
    ("categoryCode", "字符型", 2, "是"),
    ("name", "字符型", 50, "是"),
    ("gender", "字符型", 1, "是"),
    ("birthDate", "日期型", 8, "是"),
    ("identityCard", "字符型", 18, "是"),
    ("identityCardType", "字符型", 3, "是"),
    ("companyName", "字符型", 200, "是"),
    ("creditCode", "字符型", 18, "是"),
    ("appointment", "字符型", 2, "是"),
    ("technicalTitle", "字符型", 2, "条件"),
    ("educationDegree", "字符型", 2, "条件"),
    ("major", "字符型", 20, "否"),
    ("photo", "文本型", None, "是"),
    ("certState", "字符型", 2, "是"),
    ("certStatusDescription", "字符型", 200, "条件"),
    ("associatedZzeCertID", "字符型", 72, "否"),  # printed as number 19
    ("businessInformation", "字符型", 5000, "否"),  # printed as number 20
    ("operateType", "字符型", 2, "是"),  # printed as number 21
]
FILE: list[Row] = [
    ("ID", "字符型", 50, "是"),
    ("zzeCertID", "字符型", 72, "是"),
    ("url", "字符型", 200, "是"),
]
# 获取响应日志 and 授权校验 give neither lengths nor, for the log, what is required.
LOG = [
    *("interfaceId", "logType", "logId", "method", "requestTime", "responseTime", "remoteIp", "status"),
    *("path", "requestParams", "responseParams", "systemId", "accessToken"),
]
TOKEN = ["systemId", "token", "requestIp"]

TABLES: dict[type[BaseModel], list[Row]] = {
    SafeCertificate: SAFE,
    SpecialCertificate: SPECIAL,
    ManagerCertificate: MANAGER,
    CertificateFile: FILE,
}
KINDS: dict[str, type[Data]] = {"1": SafeCertificate, "2": SpecialCertificate, "3": ManagerCertificate}
PARAMETERS = {"1": "safeCertParameter", "2": "specialCertParameter", "3": "managerCertParameter"}
FIELDS = [(model, *row) for model, table in TABLES.items() for row in table]

PHOTO_IN_THE_DOCUMENT = "data:image/png;base64, QEBGRVgwaIiLS6v8B740bK"


def png(size: int = 100) -> bytes:
    """A picture of 1 pixel, padded to so many bytes."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    picture = b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"\0\0")) + chunk(b"IEND", b"")
    return picture.ljust(size, b"\0")


def jpg(size: int = 100) -> bytes:
    return (b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + b"\0" * 40 + b"\xff\xd9").ljust(size, b"\0")


def packed(picture: bytes) -> str:
    return base64.b64encode(picture).decode()


# --- The sample requests, as printed. The document shows the three parameters in one request, without a comma.

SAFE_SAMPLE: dict[str, Any] = {
    "eCertID": "1d766fd8-8378-233-531-32bfa76161",
    "certNum": "（湘）JZ 安许证字[2021]110029",
    "provinceNum": "430000",
    "issuAuth": "景德镇市住房和城乡建设局",
    "issuAuthCode": "93361211MA396LXN9X",
    "issuDate": "2021-03-24",
    "companyName": "江西艳文建筑工程有限公司",
    "creditCode": "91360200MA396LLK17",
    "responsiblePerson": "蒋文艳",
    "companyAddress": "江西省景德镇市珠山区曙光路天宇绿园A16栋10号复式店",
    "responsiblePersonID": "330781198509074811",
    "responsiblePersonIDType": "111",
    "economicType": "有限责任公司(自然人投资或控股)",
    "licenseScope": "建筑施工",
    "effectiveDate": "2021-03-24",
    "expiringDate": "2023-03-24",
    "firstIssuDate": "2021-03-24",
    "certState": "01",
    "certStatusDescription": "有效",
    "associatedZzeCertID": "1.2.156.3005.2.11100000000013338W050.XXXXXXXXXXXXXXXXXX.ANNNNNNN.001.X",
    "businessInformation": [
        {"itemvalue": "01", "itemtext": " 持证企业的资质信息"},
        {"itemvalue": "02", "itemtext": "证书处罚处置信息"},
    ],
    "operateType": "01",
}
SPECIAL_SAMPLE: dict[str, Any] = {
    "eCertID": "1d766fd8-8378-233-531-32bfa76161",
    "provinceNum": "430000",
    "certNum": "鲁A012008000001",
    "issuAuth": "山东省住房和城乡建设厅",
    "issuAuthCode": "93361211MA396LXN9X",
    "issuedDate": "2020-01-24",
    "issuDate": "2021-03-24",
    "effectiveDate": "2021-03-24",
    "expiringDate": "2023-03-24",
    "name": "张三",
    "gender": "1",
    "identityCard": "320923166523129587",
    "identityCardType": "111",
    "photo": PHOTO_IN_THE_DOCUMENT,
    "operationCategory": "99",
    "categoryDescription": "经省级以上住房和城乡建设主管部门认定的其他工种类别（建筑起重机械司机（不含塔式起重机））",
    "certState": "01",
    "certStatusDescription": "有效",
    "associatedZzeCertID": "1.2.156.3005.2.11100000000013338W032.XXXXXXXXXXXXXXXXXX.ANNNNNNN.001.X",
    "businessInformation": [
        {"itemvalue": "01", "itemtext": " 持证人培训信息"},
        {"itemvalue": "02", "itemtext": "持证人培训实名进场信息"},
    ],
    "operateType": "01",
}
MANAGER_SAMPLE: dict[str, Any] = {
    "eCertID": "1d766fd8-0001-233-531-32bfa70014",
    "provinceNum": "430000",
    "certNum": "湘建安 A（2015）0000002",
    "issuAuth": "景德镇市住房和城乡建设局",
    "issuAuthCode": "93361211MA396LXN9X",
    "issuedDate": "2021-03-24",
    "issuDate": "2021-03-24",
    "effectiveDate": "2021-03-24",
    "expiringDate": "2023-02-24",
    "categoryCode": "A",
    "name": "张三",
    "gender": "1",
    "birthDate": "2023-03-24",
    "identityCard": "330781198509074811",
    "identityCardType": "111",
    "companyName": "江西艳文建筑工程有限公司",
    "creditCode": "11500000MB19461215",
    "appointment": "01",
    "technicalTitle": "01",
    "educationDegree": "01",
    "major": "01",
    "photo": PHOTO_IN_THE_DOCUMENT,
    "certState": "01",
    "certStatusDescription": "建筑施工",
    "associatedZzeCertID": "1.2.156.3005.2.11100000000013338W011.XXXXXXXXXXXXXXXXXX.ANNNNNNN.001.X",
    "businessInformation": [
        {"itemvalue": "01", "itemtext": " 持证企业的资质信息"},
        {"itemvalue": "02", "itemtext": "证书处罚处置信息"},
    ],
    "operateType": "01",
}
FILE_SAMPLE: dict[str, Any] = {
    "ID": "1100002022000000001",
    "zzeCertID": "1.2.156.3005.2.11100000000013338W050.XXXXXXXXXXXXXXXXXX.ANNNNNNN.001.X",
    "url": "http://localhost:8089/szjsframegl/rest/frame/base/attach/attachAction/getContent"
    "?isCommondto=true&attachGuid=b9ec8896-68f2-499e-ac9f-c7b7c8e3ba94",
}
LOG_SAMPLE: dict[str, Any] = {
    "interfaceId": "interfaceId",
    "logType": "1",
    "logId": "1",
    "method": "GET",
    "requestTime": "2020-08-31 11:32:33",
    "responseTime": "2020-08-31 11:34:35",
    "remoteIp": "192.1681.171.43",
    "status": "1",
    "path": "http://localhost:8080/test/1",
    "requestParams": '{"id":"GPapKvqymGecJQZJA2sYhCKUJ2KP1TWP","requestParamName":"time","type":"Long",'
    '"needed":1,"paramDesc":"time","remark":""}',
    "responseParams": '{"code":"1","requestParamName":"message","data":"true"}',
    "systemId": "123dkdjaadfaa",
    "accessToken": "token_123dkdjaadfaa",
}

PRINTED = {"1": SAFE_SAMPLE, "2": SPECIAL_SAMPLE, "3": MANAGER_SAMPLE}
SAMPLES = {kind: ({**row, "photo": packed(png())} if "photo" in row else row) for kind, row in PRINTED.items()}
"""As printed, but with a photo that is one: the printed one is cut off and no picture."""

ROWS: dict[type[BaseModel], dict[str, Any]] = {
    SafeCertificate: SAMPLES["1"],
    SpecialCertificate: SAMPLES["2"],
    ManagerCertificate: SAMPLES["3"],
    CertificateFile: FILE_SAMPLE,
}


def certificate(kind: str = "1", **changes: Any) -> dict[str, Any]:
    return {**SAMPLES[kind], **changes}


def submission(kind: str, *rows: dict[str, Any], envelope: str = "acceptData") -> dict[str, Any]:
    """The data of a certificate-submit event."""
    return {"certType": kind, PARAMETERS[kind]: {envelope: list(rows or [SAMPLES[kind]])}}


def files(*rows: dict[str, Any], kind: str = "1") -> dict[str, Any]:
    """The data of a certificate-file-submit event."""
    return {"certType": kind, "parameter": {"acceptData": list(rows or [FILE_SAMPLE])}}


def refusals(model: type[BaseModel], data: Any) -> set[tuple[str, str]]:
    """Last name of the place, and error type, of everything that is wrong with the data."""
    with pytest.raises(ValidationError) as refused:
        model.model_validate(data)
    return {(str(error["loc"][-1]) if error["loc"] else "", error["type"]) for error in refused.value.errors()}


def refused(model: type[BaseModel], **changes: Any) -> set[tuple[str, str]]:
    return refusals(model, {**ROWS[model], **changes})


def without(data: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in data.items() if name not in names}


def read(operation: str, data: Any) -> Any:
    return EVENTS[operation].model_validate(data)
