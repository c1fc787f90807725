"""The few closed lists of 粤商码“免证办”接入工作指引: environments, ways of access, assigned identifiers."""

from schemas.dictionaries import load

ENVIRONMENTS = load(__package__, "environments.csv", section="3.3 网关申请表 网络策略放通说明")
ACCESS_SCENES = load(__package__, "access_scenes.csv", section="3.1 接入场景")
IDENTIFIERS = load(__package__, "identifiers.csv", section="3.1 审核结果, 3.4 配置信息")
"""What the province assigns and a call may have to carry; where it goes is a setting."""
