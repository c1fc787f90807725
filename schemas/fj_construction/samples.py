"""Examples for the JSON Schemas: the document's own sample requests, shortened to one certificate."""

from typing import Any, Final

CERTIFICATE_SUBMIT: Final[dict[str, Any]] = {
    "certType": "1",
    "safeCertParameter": {
        "acceptData": [
            {
                "eCertID": "1d766fd8-8378-233-531-32bfa76161",
                "provinceNum": "430000",
                "certNum": "（湘）JZ 安许证字[2021]110029",
                "issuAuth": "景德镇市住房和城乡建设局",
                "issuAuthCode": "93361211MA396LXN9X",
                "issuDate": "2021-03-24",
                "companyName": "江西艳文建筑工程有限公司",
                "creditCode": "91360200MA396LLK17",
                "companyAddress": "江西省景德镇市珠山区曙光路天宇绿园A16栋10号复式店",
                "responsiblePerson": "蒋文艳",
                "responsiblePersonID": "330781198509074811",
                "responsiblePersonIDType": "111",
                "economicType": "有限责任公司(自然人投资或控股)",
                "licenseScope": "建筑施工",
                "effectiveDate": "2021-03-24",
                "expiringDate": "2023-03-24",
                "firstIssuDate": "2021-03-24",
                "certState": "01",
                "certStatusDescription": "有效",
                "operateType": "01",
            }
        ]
    },
}

CERTIFICATE_FILE_SUBMIT: Final[dict[str, Any]] = {
    "certType": "1",
    "parameter": {
        "acceptData": [
            {
                "ID": "1100002022000000001",
                "zzeCertID": "1.2.156.3005.2.11100000000013338W050.XXXXXXXXXXXXXXXXXX.ANNNNNNN.001.X",
                "url": "https://example.org/preview?attachGuid=b9ec8896-68f2-499e-ac9f-c7b7c8e3ba94",
            }
        ]
    },
}

RESPONSE_LOG: Final[dict[str, Any]] = {
    "interfaceId": "interfaceId",
    "logType": "1",
    "logId": "1",
    "method": "GET",
    "requestTime": "2020-08-31 11:32:33",
    "responseTime": "2020-08-31 11:34:35",
    "remoteIp": "192.1681.171.43",
    "status": "1",
    "path": "http://localhost:8080/test/1",
    "requestParams": '{"requestParamName":"time","type":"Long"}',
    "responseParams": '{"code":"1","data":"true"}',
    "systemId": "123dkdjaadfaa",
    "accessToken": "token_123dkdjaadfaa",
}
